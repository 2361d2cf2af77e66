"""The end, as an administrator has it: soon, with all on disk, and told afterwards."""

import calendar
import json
import time

import fake
from client import NO_ERROR, UP
from program import set_cells, watching

ROWS, END_S = 200, 3
MADE = 5000


def status_of(program):
    code, printed, error = program.run("status", "--json")
    assert code == 0, error
    return json.loads(printed)


def test_an_end_leaves_all_on_disk():
    """SIGTERM under load ends emailmon within three seconds with all on disk; while it is down `emailmon status` shows
    what was known last, and since when"""
    with fake.serving() as server:
        rows = [fake.monitor(f"row{n}", server.ports, ("imap", "pop3")[n % 2], interval=1) for n in range(ROWS)]
        with watching(rows) as program:
            assert program.client.set(set_cells(MADE, "made", server.ports, interval=1)) == NO_ERROR
            program.wait_polled(3)
            assert status_of(program)["running"]
            names, shown = program.names(), program.status("Polls", "Sent", "Delivered", "OperStatus")
            began = time.monotonic()
            program.stop()
            took = time.monotonic() - began
            assert took < END_S, f"it took {took:.1f} s"
            check_status(program, names, shown)
            program.start()
            after = program.status("Polls", "Sent", "Delivered", "OperStatus")
            back = [i for i in shown if after[i][0] < shown[i][0] or after[i][3] != UP]
            assert not back, f"{len(back)} rows show less than before"
            print(f"    it ended within {took:.2f} s")


def check_status(program, names, shown):
    told = status_of(program)
    assert told["running"] is False
    age = time.time() - calendar.timegm(time.strptime(told["written"], "%Y-%m-%dT%H:%M:%SZ"))
    assert -1 <= age < 10, f"written {told['written']}, {age:.0f} s ago"
    rows = {row["name"]: row for row in told["monitors"]}
    assert len(rows) == ROWS + 1
    less = [(name, shown[i], rows[name]["polls"]) for i, name in names.items() if rows[name]["polls"] < shown[i][0]]
    assert not less, f"{len(less)} rows know less than they showed: {less[:3]}"
    code, printed, _ = program.run("status")
    assert code == 0 and "emailmon is not running: this was so " in printed, printed[-300:]
