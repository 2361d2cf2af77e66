"""What a person and a program wait for: emailmon status of 100,000 rows.

Argument: how many rows, 100,000.
"""

import os
import random
import sqlite3
import time

import fake
import measured
from emailmon import PROGRAM, watching
from screen import Screen

MASTER = 80                     # the number of this bench's own snmpd
ROWS, ROUNDS = 100_000, 3       # the cheapest of so many counts
BAD = 50                        # one in so many is down
WATCHED_S, PATIENCE_S = 30, 60
COMMANDS = {"the table, in a pipe": [], "JSON": ["--json"], "one monitor": ["row-7"],
            "one monitor, JSON": ["row-7", "--json"]}


def fill(path, rows):
    """A state with so many copies of its two rows, changed at random moments."""
    with sqlite3.connect(path) as db:
        columns = [column[1] for column in db.execute("PRAGMA table_info(row)")]
        up, down = sorted(db.execute("SELECT * FROM row"), key=lambda row: row[columns.index("verdict")])
        db.execute("DELETE FROM row")
        for n in range(rows):
            row = dict(zip(columns, down if n % BAD == 0 else up))
            row.update(serial=random.getrandbits(62), idx=n + 1, name=f"row-{n}")
            row["last_change"] -= random.randrange(1_000_000)
            db.execute(f"INSERT INTO row VALUES ({','.join('?' * len(columns))})", list(row.values()))
    db.close()


def cost(program, arguments):
    """(seconds, processor seconds, octets) of a command: the cheapest of some."""
    found = []
    for _ in range(ROUNDS):
        with open(os.path.join(program.folder, "out"), "w+b") as out:
            began = time.monotonic()
            pid = os.posix_spawn(PROGRAM, [PROGRAM, "status", "-c", program.file, *arguments], os.environ,
                                 file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
            _, status, used = os.wait4(pid, 0)
            assert status == 0, status
            found.append((used.ru_utime + used.ru_stime, time.monotonic() - began, os.fstat(out.fileno()).st_size))
    used_s, took_s, octets = min(found)
    return took_s, used_s, octets


def watch(program, rows):
    """(processor seconds a second, MiB at most) of --watch on a terminal."""
    with Screen([PROGRAM, "status", "-c", program.file, "--watch"], lines=40) as screen:
        screen.wait(lambda text: f"{rows} monitors" in text, PATIENCE_S, "the first page")
        pid = screen.process.pid
        used_s, began = measured.processor_s(pid), time.monotonic()
        while time.monotonic() < began + WATCHED_S:
            screen.read()
        share = (measured.processor_s(pid) - used_s) / (time.monotonic() - began)
        mib = measured.peak_kib(pid) / 1024
        assert screen.interrupt() == 0
    return share, mib


def run(out, rows=ROWS):
    rows = int(rows)
    with fake.serving() as server:
        two = [fake.monitor("row-1", server.ports, interval=1),
               fake.monitor("row-0", {**server.ports, "smtp": 1}, interval=1)]
        with watching(two, MASTER) as program:
            program.wait_status(lambda seen: seen["row-1"]["proof"] == "roundTrip", "a row up")
            program.wait_status(lambda seen: seen["row-0"]["verdict"] == "down", "a row down")
    fill(program.settings["state"], rows)
    out.say(f"A state of {rows:,} rows, one in {BAD} of them down, and a file of two; the cheapest of {ROUNDS}.")
    lines = [(what, *cost(program, arguments)) for what, arguments in COMMANDS.items()]
    out.table(("emailmon status", "s", "processor s", "octets"), lines)
    share, mib = watch(program, rows)
    out.say(f"--watch for {WATCHED_S} s: {100 * share:.1f} % of a processor, {mib:.0f} MiB at most")
