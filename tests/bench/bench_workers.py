"""More workers: polls a second in TLS with one, two and four of them.

Argument: turns, 3.
"""

import crowd
import fake
from places import wait_for

WORKERS = (1, 2, 4)
TURNS = 3
ROWS, INTERVAL_S = 2000, 1      # more than can be polled: what is counted is what could be
SECONDS = 10
FIRST_POLLS_S = 120
LIMITS = {"in_flight": 200, "per_host": 200}


def measure(workers):
    """A window in which all of the workers have more to do than they can."""
    with fake.serving() as server:
        server.misbehave("tls")
        rows = crowd.rows_at(server, ROWS, INTERVAL_S, secure=True)
        with crowd.watching(rows, limits=LIMITS, workers=workers, **crowd.trusting(server)) as program:
            wait_for(lambda: server.counted("mails taken") >= ROWS, FIRST_POLLS_S, "a poll of each row")
            return crowd.Window(program, server, SECONDS)


def told(workers, window):
    """A row of the table."""
    busiest_s = max(s for name, s in window.threads_s.items() if name.startswith("worker"))
    return (workers, window.polls / window.seconds, window.poll_us / 1000, 1000 * window.server_s / window.polls,
            100 * busiest_s / window.seconds, window.polls / busiest_s)


def run(out, turns=TURNS):
    seen = {workers: [] for workers in WORKERS}
    for _ in range(int(turns)):
        for workers in WORKERS:
            seen[workers].append(told(workers, measure(workers)))
    best = [max(rows, key=lambda row: row[1]) for rows in seen.values()]
    out.table(("workers", "polls a second", "emailmon, ms a poll", "server, ms a poll", "busiest worker, %",
               "polls a second that it allows"), best)
    one = best[0]
    for row in best[1:]:
        out.say(f"{row[0]} workers: {row[1] / one[1]:.2f} × the polls a second of one, on these processors, which the "
                f"server shares; {row[5] / one[5]:.2f} × where each worker has one of its own.")
