"""Thousands of servers that do not answer hold nobody else up.  By itself, because it measures how late polls are."""

import fake
from client import DOWN
from local_faults import wait_recovered
from places import wait_for
from program import check_none_is_down, watching

SILENT_ROWS, HEALTHY_ROWS = 2000, 10
SILENT_INTERVAL_S = 4
TIMED_OUT = 4                 # a cause
LAG_MS = 1000                # unless it was more before, on a busy machine
MORE_KIB = 64 * 1024          # 32 KiB for each connection that waits


def wait_down(program, rows):
    """Until all of these are down because their servers do not answer; the most memory that was seen meanwhile."""
    most_kib = 0

    def all_down():
        nonlocal most_kib
        most_kib = max(most_kib, program.resident_kib())
        now = program.status("OperStatus", "FailureCause")
        return all(now[index] == [DOWN, TIMED_OUT] for index in rows)
    wait_for(all_down, 60, f"{len(rows)} rows down, timedOut")
    return most_kib


def test_thousands_that_time_out():
    """2,000 rows whose servers fall silent at once are down, timedOut, while healthy rows of the same loop are polled
    in time and without a failure, and memory stays bounded; all come up again"""
    limits = {"in_flight": 4000, "per_host": 4000}
    with fake.serving() as good, fake.serving() as silent:
        rows = [fake.monitor(f"healthy{n}", good.ports, interval=1) for n in range(HEALTHY_ROWS)]
        for n in range(SILENT_ROWS):
            rows.append(fake.monitor(f"silent{n}", silent.ports, interval=SILENT_INTERVAL_S))
            rows[-1]["smtp"]["timeout"] = rows[-1]["incoming"]["timeout"] = 1
        with watching(rows, limits=limits) as program:
            healthy, many = ([i for i, name in program.names().items() if name.startswith(kind)]
                             for kind in ("healthy", "silent"))
            program.wait_polled(2, 30)
            before_kib, before_ms = program.resident_kib(), program.scalar("SchedulerLag")
            silent.misbehave("silent")
            more_kib = wait_down(program, many) - before_kib
            program.wait_polls(healthy, 2, 5)
            lag_ms = program.scalar("SchedulerLag")
            silent.misbehave("silent", 0)
            wait_recovered(program, many, 30)
            check_none_is_down(program, healthy, "beside silent servers")
            print(f"    {more_kib} KiB more at most, starts {lag_ms} ms late at most, {before_ms} ms before")
            assert lag_ms <= max(LAG_MS, before_ms), f"starts were {lag_ms} ms late"
            assert more_kib < MORE_KIB, f"{more_kib} KiB more"
