"""Many rows for a long time: memory stays flat, and no descriptor is left behind."""

import os
import time

import fake
from emailmon import watching
from processes import memory_kib

ROWS, INTERVAL_S = 2000, 10
SHORT_S, FULL_S = 60, 300
WINDOW_S = 15
GROWTH = 1.02                 # of the least resident memory of a window, from the first to the last; and beside that:
REMEMBERED, OCTETS = 64, 12   # a row knows its last 64 probes again; room for them is made by doubling


class Sample:
    """The least of what a process held during a window: peaks are polls in flight."""

    def __init__(self, pid):
        self.memory_kib = min_over(WINDOW_S, lambda: memory_kib(pid, "VmRSS"))
        self.descriptors = min_over(WINDOW_S / 5, lambda: len(os.listdir(f"/proc/{pid}/fd")))


def min_over(seconds, measure):
    end, least = time.monotonic() + seconds, measure()
    while time.monotonic() < end:
        time.sleep(0.02)
        least = min(least, measure())
    return least


def test_flat_memory(full):
    """2,000 rows are polled for minutes (a minute in the short form) with flat memory, no descriptor left behind and no
    row down"""
    with fake.serving() as server:
        rows = [fake.monitor(f"row{n}", server.ports, ("imap", "pop3")[n % 2], interval=INTERVAL_S)
                for n in range(ROWS)]
        with watching(rows, limits={"in_flight": 1000, "per_host": 1000}) as program:
            program.wait_table(lambda table: all(row.get("Proof") == "roundTrip" for row in table.values()),
                               6 * INTERVAL_S, "every row up by a round trip")
            began = time.monotonic()
            first = Sample(program.process.pid)
            polls = polled(program)
            time.sleep(max(0, (FULL_S if full else SHORT_S) - (time.monotonic() - began) - WINDOW_S * 1.2))
            last = Sample(program.process.pid)
            table = program.table()
            assert polled(program) - polls > ROWS * 3, "too few polls"
            failed = {name: row["FailureText"] for name, row in table.items() if row["PollsFailed"] != "0"}
            assert not failed, f"{len(failed)} rows failed: {list(failed.items())[:3]}"
            remembered = ROWS * OCTETS * min(REMEMBERED, 2 * (polled(program) - polls) // ROWS) // 1024
            assert last.memory_kib <= first.memory_kib * GROWTH + remembered, \
                f"from {first.memory_kib} to {last.memory_kib} KiB, of which {remembered} may be remembered probes"
            assert last.descriptors <= first.descriptors + 2, f"{last.descriptors}, {first.descriptors} before"


def polled(program):
    name = "EMAIL-MONITOR-MIB::emailMonPollsTotal.0"
    return int(program.master.get(name)[name])
