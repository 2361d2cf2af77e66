"""Several monitors, and several emailmons, on one mailbox do not disturb each other."""

import contextlib

import mailbox
from emailmon import monitor, summary, verdict, watching
from places import wait_for

POLLS = 50


def shared(user, name):
    """Three monitors on one mailbox, by three ways in."""
    return [monitor(f"{name} {inside}", user, "smtp/none/noauth", inside)
            for inside in ("pop3/tls/plain", "imap/tls/plain", "imap/none/plain")]


def test_one_mailbox():
    """Three monitors on one mailbox, POP3 and IMAP mixed and due at once, and two emailmons on another: 50 polls a
    second apart, and never a false down"""
    for user in ("u1", "u2"):
        mailbox.clear(user)
        mailbox.put_foreign(user)
    before = {user: mailbox.snapshot(user) for user in ("u1", "u2")}
    with contextlib.ExitStack() as stack:
        programs = [stack.enter_context(watching(shared("u1", "alone"), 0)),
                    stack.enter_context(watching(shared("u2", "first"), 1)),
                    stack.enter_context(watching(shared("u2", "second"), 2))]
        seen = wait_for(lambda: all_polled(programs), POLLS * 2, f"{POLLS} polls of every row")
        bad = {name: row for name, row in seen.items() if verdict(row) != ("up", "roundTrip")
               or row["PollsFailed"] != "0" or row["Transitions"] != "0" or row["Forged"] != "0"}
        assert not bad, f"{summary(bad)}\n{list(bad.values())[0]}"
        assert not [trap for program in programs for trap in program.traps("emailMonDown")]
    assert {user: mailbox.snapshot(user) for user in before} == before, "foreign mails changed"


def all_polled(programs):
    """The rows of all, once each has polled often enough."""
    rows = {name: row for program in programs for name, row in program.table().items()}
    return rows if rows and all(int(row.get("Polls", 0)) >= POLLS for row in rows.values()) else None
