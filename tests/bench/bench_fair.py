"""1,000 rows whose server falls silent beside 1,000 healthy ones: how late these become, and when those are down.

Argument: how often it falls silent, 2.
"""

import time

import fake
from client import DOWN, UP
from crowd import Window, rows_at, watching
from places import LabError

ROWS, INTERVAL_S = 1000, 30
LIMITS = {"in_flight": 1000, "per_host": 10}    # what holds for who sets no limits
LAG_S = 60                              # the scalar is the greatest lag of so long a time
PATIENCE_S = 5 * INTERVAL_S
TURNS = 2


def until(program, silent, verdict):
    """Seconds until the rows of the silent server have this verdict, all of them."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE_S:
        rows = program.status("OperStatus")
        if all(rows[index][0] == verdict for index in silent):
            return time.monotonic() - began
        time.sleep(0.2)
    raise LabError(f"after {PATIENCE_S} s there are rows that are not {'down' if verdict == DOWN else 'up'}")


def measure(program, good, silent_server, silent):
    """(greatest lag before, ... with the silent server, s until its rows are down, in flight at most meanwhile)."""
    time.sleep(LAG_S)                   # of what was before
    before_ms = Window(program, good, LAG_S // 4).lags_ms()[-1]
    silent_server.misbehave("silent")
    down_s = until(program, silent, DOWN)
    window = Window(program, good, max(1, 2 * INTERVAL_S - down_s))
    silent_server.misbehave("silent", 0)
    until(program, silent, UP)
    return before_ms, window.lags_ms()[-1], down_s


def run(out, turns=str(TURNS)):
    with fake.serving() as good, fake.serving() as silent_server:
        rows = rows_at(good, ROWS, INTERVAL_S, "healthy") + rows_at(silent_server, ROWS, INTERVAL_S, "silent")
        with watching(rows, limits=LIMITS) as program:
            silent = [index for index, name in program.names().items() if name.startswith("silent")]
            program.wait_polled(2, PATIENCE_S)
            took = [measure(program, good, silent_server, silent) for _ in range(int(turns))]
            failed = sum(row[0] for index, row in program.status("PollsFailed").items() if index not in silent)
    out.table(["turn", "greatest lag without, ms", "greatest lag with, ms", "all down after, s"],
              [[str(n), *numbers] for n, numbers in enumerate(took, 1)])
    out.say(f"Polls of the {ROWS:,} healthy rows that failed: {failed}.")
    out.figure("fair_lag", min(with_ms - without_ms for without_ms, with_ms, _ in took))
    out.figure("fair_down", min(down_s for _, _, down_s in took) / INTERVAL_S)
