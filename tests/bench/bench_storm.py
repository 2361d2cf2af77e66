"""2,000 rows go down and up again while snmpd is restarted: which notifications arrive, and when the last one does."""

import collections
import time

import fake
from client import UP
from places import in_root, wait_for
from program import watching

ROWS, INTERVAL_S = 2000, 5
PATIENCE_S = 60
ALL = 2 * ROWS                  # events, and notifications
LATER_S = 3                     # for those that should not come


def arrived(program):
    """How many have come to the console."""
    with open(in_root(program.master.folder + "/traps.log"), "rb") as log:
        return log.read().count(b"emailMonEventSeq")


def all_up(program):
    return all(row[0] == UP for row in program.status("OperStatus").values())


def go_down(program, server):
    """Until half of it has been told."""
    server.broken("imap greeting close")
    wait_for(lambda: arrived(program) >= ROWS // 2, PATIENCE_S, "half of the rows down")


def go_up(program, server):
    wait_for(lambda: program.events_on_disk() >= ROWS, PATIENCE_S, "all rows down")
    server.broken("imap none")
    wait_for(lambda: program.events_on_disk() >= ALL, PATIENCE_S, "all rows up again")


def restarted(program, server):
    """snmpd ends and starts while the rows go down."""
    go_down(program, server)
    program.master.stop()
    back = time.monotonic()
    program.master.start()
    go_up(program, server)
    return back


def away(program, server):
    """snmpd ends while the rows go down, and starts when all are up again."""
    go_down(program, server)
    program.master.stop()
    go_up(program, server)
    back = time.monotonic()
    program.master.start()
    return back


def storm(way):
    """(lost, twice, seconds until the last)"""
    with fake.serving() as server:
        rows = [fake.monitor(f"row{n}", server.ports, interval=INTERVAL_S) for n in range(ROWS)]
        with watching(rows) as program:
            program.wait_polled(2, PATIENCE_S)
            wait_for(lambda: all_up(program), PATIENCE_S, "all rows up")
            back = way(program, server)
            wait_for(lambda: arrived(program) >= ALL, PATIENCE_S, "all notifications")
            last = time.monotonic() - back
            time.sleep(LATER_S)
            came = collections.Counter(program.arrived())
    lost = set(range(1, ALL + 1)) - set(came)
    return len(lost), sum(came.values()) - len(came), last


def run(out):
    ways = {"restarted at once": restarted, "away until all are up again": away}
    results = {name: storm(way) for name, way in ways.items()}
    out.table(["snmpd is", "lost", "twice", "last one, s after it is back"],
              [[name, *result] for name, result in results.items()])
    for key, values in zip(("storm_lost", "storm_twice", "storm_last"), zip(*results.values())):
        out.figure(key, max(values))
