"""Thousands of rows before the fake server, and what is seen of them second by second."""

import contextlib
import sqlite3
import statistics
import time

import fake
import measured
import snmp
from client import AGENT, SCALARS, UP
from places import own
from program import MASTER, Program

START_S = 300                           # until the table is served, on a busy machine
LIMITS = {"in_flight": 1000, "per_host": 1000}      # they all have the same server
WATCHED = ("RowsUp", "InFlight", "SchedulerLag")


class Crowd(Program):
    """A program whose rows are too many to be there after a few seconds."""

    def start(self):
        super().start(wait=False)
        self.wait_serving(START_S)

    def watched(self):
        """(RowsUp, InFlight, SchedulerLag in ms); None: nobody had the time to answer."""
        values = self.client.get(*(AGENT + (SCALARS[name], 0) for name in WATCHED))
        return values if values and None not in values else None

    def sums(self):
        """(starts skipped, polls failed, rows that are not up), of the state: no walk, which would be work."""
        with contextlib.closing(sqlite3.connect(f"file:{self.settings['state']}?mode=ro", uri=True)) as state:
            return state.execute(f"SELECT sum(skipped), sum(polls_failed), sum(verdict != {UP}) FROM row").fetchone()


@contextlib.contextmanager
def watching(rows, number=0, limits=None, **settings):
    """A master and the program that watches `rows`; several side by side have numbers."""
    with snmp.Master(MASTER + number) as master, Crowd(rows, master, limits=limits or LIMITS, **settings) as program:
        yield program


def rows_at(server, count, interval, name="row", secure=False, **settings):
    """So many rows, each with a mailbox of its own, in IMAP."""
    rows = [fake.monitor(f"{name}{n}", server.ports, interval=interval, **settings) for n in range(count)]
    return fake.secured(rows) if secure else rows


def trusting(server):
    """The settings of a program that takes the server's certificate for good."""
    return {"tls": {"ca_file": server.certificate(own("fake.pem"))}}


class Window:
    """What went on in `seconds` of a program before a server."""

    def __init__(self, program, server, seconds):
        self.seen = []                  # each second: Crowd.watched()
        self.resident_kib = []          # ... VmRSS
        pids = {"emailmon": program.process.pid, "server": server.process.pid, "snmpd": program.master.pid()}
        began, machine_s = time.monotonic(), measured.machine_s()
        before, polls = {who: measured.threads_s(pid) for who, pid in pids.items()}, server.counted("mails taken")
        while time.monotonic() < began + seconds:
            now = program.watched()
            if now:
                self.seen.append(now)
            self.resident_kib.append(measured.resident_kib(pids["emailmon"]))
            time.sleep(max(0, began + len(self.resident_kib) - time.monotonic()))
        self.seconds = time.monotonic() - began
        self.polls = server.counted("mails taken") - polls      # exact; emailMonPollsTotal is a second old
        self.machine_s = measured.machine_s() - machine_s
        spent = {who: measured.threads_s(pid) - before[who] for who, pid in pids.items()}
        self.threads_s = spent["emailmon"]
        self.server_s, self.snmpd_s = (sum(spent[who].values()) for who in ("server", "snmpd"))

    @property
    def poll_us(self):
        """Processor time of emailmon a poll."""
        return 1e6 * sum(self.threads_s.values()) / self.polls

    def lags_ms(self):
        """(median, 99th percentile, greatest) of the scalar, which is itself the greatest of a minute."""
        lags = sorted(lag for _, _, lag in self.seen)
        return statistics.median(lags), lags[len(lags) * 99 // 100], lags[-1]

    def busy(self):
        """{who: share of one processor}: each thread of the program, its server, snmpd, and whatever else there is."""
        shares = {name: s / self.seconds for name, s in sorted(self.threads_s.items())}
        shares["server"], shares["snmpd"] = self.server_s / self.seconds, self.snmpd_s / self.seconds
        shares["others"] = max(0, self.machine_s / self.seconds - sum(shares.values()))
        return shares
