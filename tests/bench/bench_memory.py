"""Memory: a row at rest, a row that is down, a connection in flight; and where it goes.

Arguments: rows, by default 100,000; seconds whose least VmRSS counts, by default 20.
"""

import contextlib
import os
import subprocess
import time

import fake
import snmp
from client import NO_ERROR, cells
from measured import least_resident_kib
from places import TREE, LabError, wait_for
from program import MASTER, Program

SIZES = os.path.join(TREE, "build", "release", "tests", "bench", "bench_sizes")
ROWS, SECONDS = 100_000, 20
POLLS_A_SECOND, WAVES = 1000, 4         # rows of one interval begin at 500 a second at most
INTERVAL_LEAST_S, INTERVAL_LONG_S = 30, 3600
TEXT_OCTETS = 200                       # of a definition, all its texts together
REFUSALS = ("smtp rcpt eighty", "imap select eighty")
LIMITS = {"in_flight": 1000, "per_host": 1000}
CONNECTIONS = 1000
POLL_NOW, A_PDU = 2, 50
PATIENCE_S = 240
STANDING = {                            # where a thousand conversations stand still
    "inside of a FETCH": "imap fetch silence",
    "behind the message": "smtp dot silence",
}


def monitor(number, ports, **settings):
    """A row with 200 octets of text."""
    row = fake.monitor(f"row{number:06d}", ports, **settings)
    texts = [row["name"]] + [leg[key] for leg in (row["smtp"], row["incoming"])
                             for key in ("server", "to", "from", "username", "password") if key in leg]
    return {**row, "description": "x" * (TEXT_OCTETS - sum(map(len, set(texts))))}    # equal ones are kept once


class Measured(Program):
    """An emailmon whose memory is looked at; `rows` may be very many."""

    def __init__(self, rows, master):
        super().__init__([], master, limits=LIMITS)
        self.rows = rows                # not a copy
        self.write()

    def start(self, wait=True):
        super().start(wait=False)
        self.wait_serving(PATIENCE_S)

    def stop(self, **how):
        super().stop(timeout_s=PATIENCE_S, **how)

    def wait_scalar(self, name, value):
        def is_there():
            time.sleep(0.2)
            return self.scalar(name) == value
        try:
            wait_for(is_there, PATIENCE_S, f"{name} {value}")
        except LabError as error:
            raise LabError(f"{error}; it is {self.scalar(name)}") from None

    def octets(self, seconds):
        """The least VmRSS."""
        return 1024 * least_resident_kib(self.process.pid, seconds)

    def poll_all(self):
        indexes = list(self.names())
        for first in range(0, len(indexes), A_PDU):
            error = self.client.set([cell for index in indexes[first:first + A_PDU]
                                     for cell in cells(index, PollNow=POLL_NOW)])
            if error != NO_ERROR:
                raise LabError(f"PollNow is answered by error {error}")


@contextlib.contextmanager
def watching(rows):
    with snmp.Master(MASTER) as master, Measured(rows, master) as program:
        yield program


def many_rows(server, count):
    interval = max(INTERVAL_LEAST_S, count // POLLS_A_SECOND)
    return [monitor(n, server.ports, interval=interval + n % WAVES) for n in range(count)]


def measure_rows(count, seconds):
    """Octets of the process: without rows, with all of them up, with all of them down."""
    with watching([]) as program:
        empty = program.octets(seconds)
    with fake.serving() as server, watching(many_rows(server, count)) as program:
        program.wait_scalar("RowsUp", count)
        up = program.octets(seconds)
        for refusal in REFUSALS:
            server.broken(refusal)
        program.wait_scalar("RowsDown", count)
        return empty, up, program.octets(seconds)


# --- connections ---

def wait_standing(server, program):
    """Until nothing is said any more, and all conversations are where they are to be."""
    program.wait_scalar("InFlight", CONNECTIONS)
    said = -1
    while said != server.counted("commands"):
        said = server.counted("commands")
        time.sleep(1)


def measure_connections(secured):
    """{where they stand: octets of a connection}"""
    with fake.serving() as server:
        rows = [monitor(n, server.ports, interval=INTERVAL_LONG_S) for n in range(CONNECTIONS)]
        if secured:
            server.misbehave("tls")
            fake.secured(rows, tls_verify=False)
        with watching([{**row, "enabled": False} for row in rows]) as program:
            base = program.octets(1)
        found = {}
        with watching(rows) as program:
            program.poll_all()
            program.wait_scalar("RowsUp", CONNECTIONS)
            for where, broken in STANDING.items():
                server.broken(broken)
                program.poll_all()
                wait_standing(server, program)
                found[where] = (program.octets(3) - base) / CONNECTIONS
                server.broken(broken.split()[0] + " none")
                program.wait_scalar("InFlight", 0)
        return found


# --- where it goes ---

def show_sizes(out, rows, measured):
    """What is kept of a row at rest, beside what was measured; and what comes later."""
    said = subprocess.run([SIZES, str(rows), str(TEXT_OCTETS)], capture_output=True, text=True, check=True).stdout
    sizes = [(what, int(octets)) for octets, what in (line.split("\t") for line in said.splitlines())]
    now = [(what, octets) for what, octets in sizes if not what.startswith("later")]
    kept = sum(octets for _, octets in now)
    out.table(["of a row at rest", "octets"],
              [*now, ("all of it", kept), ("measured beyond it: gaps, the store, the libraries", round(measured) - kept),
               *sizes[len(now):]])


def run(out, rows=ROWS, seconds=SECONDS):
    rows, seconds = int(rows), float(seconds)
    empty, up, down = measure_rows(rows, seconds)
    out.say(f"VmRSS: {empty / 2**20:.1f} MiB without rows; of {rows:,} rows {up / 2**20:.1f} MiB when all are up, "
            f"{down / 2**20:.1f} MiB when all are down.")
    show_sizes(out, rows, (up - empty) / rows)
    out.figure("rest", (up - empty) / rows)
    out.figure("down", (down - empty) / rows)
    plain, secured = measure_connections(False), measure_connections(True)
    out.table(["octets of a connection that stands", "plain", "TLS"],
              [[where, plain[where], secured[where]] for where in STANDING])
    out.figure("in_flight", max(secured.values()) / 1024)
