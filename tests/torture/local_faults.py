"""Faults of this machine's own: what rows show that meet one, and that all is well by itself when it is over."""

import contextlib

from client import DOWN, LOCAL, ROUND_TRIP, UNKNOWN, UP
from history import History
from places import LabError, wait_for

RESOURCES, NAME_SERVER, SECRET, CLOCK = 29, 15, 30, 32      # causes
KEPT = 3                      # polls in a row for which a row keeps its verdict


def wait_unknown(program, rows, cause, timeout_s, since=None):
    """Until all of these rows, up before, are unknown by a fault that every poll of theirs meets from now on: each has
    kept its verdict for three polls, blames this machine, and was never down.  `since`: program.status("Polls") of a
    moment before, when the fault comes by and by."""
    first = since or program.status("Polls")

    def all_unknown():
        now = program.status("OperStatus", "Polls", "FailureLeg", "FailureCause", "FailureText")
        for index in rows:
            verdict, more = now[index][0], now[index][1] - first[index][0]
            assert verdict != DOWN, f"row {index} is down: {now[index]}"
            if verdict == UNKNOWN:
                assert more > KEPT, f"row {index} is unknown after {more} polls"
                assert now[index][2:4] == [LOCAL, cause], now[index]
            elif not since:           # one poll may have been at its end when the fault began
                assert more <= KEPT + 1, f"row {index} is still up after {more} polls: {now[index]}"
        return all(now[index][0] == UNKNOWN for index in rows)
    wait_for(all_unknown, timeout_s, f"{len(rows)} rows unknown")


def wait_recovered(program, rows, timeout_s):
    """Until all of these are up by a round trip.  The fault may have cost snmpd its subagent: a table that gives no answer
    yet, or not all rows, is asked for again."""
    last = dict.fromkeys(rows)

    def all_up():
        with contextlib.suppress(TimeoutError):
            now = program.client.status("OperStatus", "Proof", "FailureText")
            last.update({index: now.get(index) for index in last})
        return all(row and row[:2] == [UP, ROUND_TRIP] for row in last.values())
    with contextlib.suppress(LabError):
        wait_for(all_up, timeout_s, "all up")
    left = {index: row for index, row in last.items() if not row or row[:2] != [UP, ROUND_TRIP]}
    assert not left, f"after {timeout_s} s {len(left)} of {len(last)} rows are not up: {dict(list(left.items())[:3])}"


def check_told(program, names, changes):
    """Of each of these rows exactly these verdicts are told, in this order, and every notification arrives."""
    history = History()

    def chains():
        history.read(program)
        return {name: [(event[3], event[4]) for event in history.of(name)] for name in names}
    with contextlib.suppress(LabError):
        wait_for(lambda: all(chain == changes for chain in chains().values()), 5, "every change of a verdict")
    other = {name: chain for name, chain in chains().items() if chain != changes}
    assert not other, f"told otherwise of {len(other)} rows: {dict(list(other.items())[:3])}"
    wait_for(lambda: set(program.arrived()) >= set(history.known), 10, f"{len(history.known)} notifications")
    assert program.scalar("NotificationsDropped") == 0


WENT_AND_CAME = [(UP, UNKNOWN), (UNKNOWN, UP)]
