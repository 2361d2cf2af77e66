"""1,000 rows whose server falls silent beside 1,000 healthy ones: how late these become, and when those are down.

Arguments: how often it falls silent, 2; the interval of all rows in s, 60.
"""

import time

import fake
from client import DOWN, UP
from crowd import rows_at, watching
from places import LabError

ROWS, INTERVAL_S = 1000, 60
LIMITS = {"in_flight": 1000, "per_host": 10}    # what holds for who sets no limits
LAG_S = 60                              # the scalar is the greatest lag of so long a time
PATIENCE_S = 300
TURNS = 2


def until(program, silent, verdict):
    """(seconds until the rows of the silent server have this verdict, all of them; the greatest lag until then)."""
    began, lag_ms = time.monotonic(), 0
    while time.monotonic() < began + PATIENCE_S:
        rows = program.status("OperStatus")
        lag_ms = max(lag_ms, program.scalar("SchedulerLag"))
        if all(rows[index][0] == verdict for index in silent):
            return time.monotonic() - began, lag_ms
        time.sleep(0.5)
    raise LabError(f"after {PATIENCE_S} s there are rows that are not {'down' if verdict == DOWN else 'up'}")


def measure(program, silent_server, silent):
    """(greatest lag before, ... with the silent server, s until its rows are down)."""
    time.sleep(LAG_S)                   # of what was before
    before_ms = program.scalar("SchedulerLag")
    silent_server.misbehave("silent")
    down_s, with_ms = until(program, silent, DOWN)
    silent_server.misbehave("silent", 0)
    until(program, silent, UP)
    return before_ms, with_ms, down_s


def run(out, turns=str(TURNS), interval_s=str(INTERVAL_S)):
    with fake.serving() as good, fake.serving() as silent_server:
        rows = [row for server, name in ((good, "healthy"), (silent_server, "silent"))
                for row in rows_at(server, ROWS, int(interval_s), name)]
        with watching(rows, limits=LIMITS) as program:
            silent = [index for index, name in program.names().items() if name.startswith("silent")]
            program.wait_polled(2, PATIENCE_S)
            took = [measure(program, silent_server, silent) for _ in range(int(turns))]
            failed = sum(row[0] for index, row in program.status("PollsFailed").items() if index not in silent)
    out.table(["turn", "greatest lag without, ms", "greatest lag with, ms", "all down after, s"],
              [[str(n), *numbers] for n, numbers in enumerate(took, 1)])
    out.say(f"Polls of the {ROWS:,} healthy rows that failed: {failed}.")
    if int(interval_s) == INTERVAL_S:
        out.figure("fair_lag", max(with_ms - without_ms for without_ms, with_ms, _ in took))
        out.figure("fair_down", max(down_s for _, _, down_s in took) / INTERVAL_S)
