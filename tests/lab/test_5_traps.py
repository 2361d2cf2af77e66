"""Notifications: by name, with all their variables, and none lost while snmpd comes and goes."""

import contextlib
import signal
import threading
import time

import dovecot
import mailbox
from emailmon import monitor, watching
from places import wait_for

CARRIED = ["emailMon" + part for part in ("EventSeq", "Name", "Device", "OperStatus", "Proof", "FailureLeg",
                                          "FailureStage", "FailureCause", "FailureText")]
EVENTS, RESTARTS = 1000, 5
FLAPPING_ROWS = 100


@contextlib.contextmanager
def stopped(instance):
    dovecot.stop(instance)
    try:
        yield
    finally:
        dovecot.start(instance)


def test_a_stop_and_a_start():
    """A stop and a start of Dovecot arrive as emailMonDown and emailMonUp, each with all its variables by name"""
    mailbox.clear("u1")
    mailbox.clear("u2")
    rows = [monitor("imap row", "u1", incoming="imap/tls/cram-md5", device="127.0.0.12", interval=2),
            monitor("pop3 row", "u2", incoming="pop3/tls/cram-md5", interval=2)]
    with watching(rows) as program:
        program.wait_rows(lambda row: row["Proof"] == "roundTrip", 15, "both rows up")
        assert not program.traps("emailMonDown") and not program.traps("emailMonUp")
        with stopped("cram-md5"):
            wait_for(lambda: len(program.traps("emailMonDown")) == 2, 10, "two traps emailMonDown")
        wait_for(lambda: len(program.traps("emailMonUp")) == 2, 15, "two traps emailMonUp")
        for kind, words in (("emailMonDown", ("down", "none", "incoming", "connect", "refused")),
                            ("emailMonUp", ("up", "roundTrip", "none", "none", "none"))):
            for trap in program.traps(kind):
                assert [name for name in trap if name.startswith("emailMon")] == CARRIED, trap
                assert tuple(trap[name] for name in CARRIED[3:8]) == words, trap
                assert trap["emailMonDevice"] == ("127.0.0.12" if trap["emailMonName"] == "imap row" else ""), trap
                assert bool(trap["emailMonFailureText"]) == (kind == "emailMonDown"), trap
        assert sorted(int(trap["emailMonEventSeq"]) for kind in ("emailMonDown", "emailMonUp")
                      for trap in program.traps(kind)) == [1, 2, 3, 4]


def flap(program, over):
    """Stop and start the mailboxes of the rows until `over`."""
    states = [row["OperStatus"] for row in program.table().values()]
    while not over.is_set():
        dovecot.stop("login")
        wait_rows(program, "down", len(states), over)
        dovecot.start("login")
        wait_rows(program, "up", len(states), over)


def wait_rows(program, state, count, over):
    """Until every row is in a state; the master may be away meanwhile."""
    end = time.monotonic() + 30
    while not over.is_set() and time.monotonic() < end:
        with contextlib.suppress(Exception):
            if list(program.master.column("emailMonOperStatus").values()).count(state) == count:
                return
        time.sleep(0.1)


def test_none_is_lost():
    """A thousand events during five restarts of snmpd, by TERM and by KILL: all arrive"""
    users = [f"u{n}" for n in range(1, 51)]
    for user in users:
        mailbox.clear(user)
    rows = [monitor(f"flap {n}", users[n % len(users)], incoming="imap/none/login", interval=2)
            for n in range(FLAPPING_ROWS)]
    with watching(rows) as program:
        program.wait_rows(lambda row: row["Proof"] == "roundTrip", 20, "every row up")
        over = threading.Event()
        flapper = threading.Thread(target=flap, args=(program, over))
        flapper.start()
        try:
            for restart in range(1, RESTARTS + 1):
                due = restart * EVENTS // (RESTARTS + 1)
                wait_for(lambda due=due: count_traps(program) >= due, 60, f"{due} traps")
                program.master.stop(number=signal.SIGKILL if restart % 2 else signal.SIGTERM)
                time.sleep(0.5)                    # down for a while: events happen meanwhile
                program.master.start()
            wait_for(lambda: count_traps(program) >= EVENTS, 60, f"{EVENTS} traps")
        finally:
            over.set()
            flapper.join()
            if not dovecot.master("login"):
                dovecot.start("login")
        program.wait_table(lambda table: all(row.get("OperStatus") == "up" for row in table.values()),
                           20, "every row up")
        last = wait_for(lambda: settled(program), 10, "no notification pending")
        wait_for(lambda: sequence(program) >= set(range(1, last + 1)), 5,
                 f"every number from 1 to {last} among the traps")
        assert count_traps(program) <= last * 1.01 + 1, f"{count_traps(program)} traps of {last} events"


def settled(program):
    """The last event's number, once all notifications are with the master."""
    prefix = "EMAIL-MONITOR-MIB::"
    wanted = [prefix + "emailMonNotificationsPending.0", prefix + "emailMonEventLast.0"]
    now = program.master.get(*wanted)
    return int(now[wanted[1]]) if now.get(wanted[0]) == "0" else 0


def count_traps(program):
    return len(program.traps("emailMonDown")) + len(program.traps("emailMonUp"))


def sequence(program):
    return {int(trap["emailMonEventSeq"]) for kind in ("emailMonDown", "emailMonUp") for trap in program.traps(kind)}
