"""Notifications: by name, with all their variables, and none lost while snmpd comes and goes."""

import contextlib
import signal
import threading
import time

import dovecot
import fake
import mailbox
from emailmon import monitor, watching
from places import LabError, wait_for

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


def flap(program, server, over):
    """Stop and start the server of all rows until `over`."""
    while not over.is_set():
        server.stop()
        wait_all(program, "down", over)
        server.start()
        wait_all(program, "up", over)


def wait_all(program, state, over):
    """Until every row is in a state; the master may be away meanwhile."""
    while not over.is_set():
        with contextlib.suppress(LabError):
            if set(program.master.column("emailMonOperStatus").values()) == {state}:
                return
        time.sleep(0.05)


def test_none_is_lost():
    """A thousand events during five restarts of snmpd, by TERM and by KILL: all arrive"""
    with fake.serving() as server:
        rows = [fake.monitor(f"flap{n}", server.ports, interval=1) for n in range(FLAPPING_ROWS)]
        with watching(rows) as program:
            program.wait_rows(lambda row: row["Proof"] == "roundTrip", 20, "every row up")
            over = threading.Event()
            flapper = threading.Thread(target=flap, args=(program, server, over))
            flapper.start()
            try:
                restart_while_events_come(program)
            finally:
                over.set()
                flapper.join()
            last = wait_for(lambda: settled(program), 10, "no notification pending")
            wait_for(lambda: sequence(program) >= set(range(1, last + 1)), 5,
                     f"every number from 1 to {last} among the traps")
            assert count_traps(program) <= last * 1.01 + 1, f"{count_traps(program)} traps of {last} events"


def restart_while_events_come(program):
    for restart in range(1, RESTARTS + 1):
        due = restart * EVENTS // (RESTARTS + 1)
        wait_for(lambda due=due: count_traps(program) >= due, 60, f"{due} traps")
        program.master.stop(number=signal.SIGKILL if restart % 2 else signal.SIGTERM)
        time.sleep(0.5)                    # down for a while: events happen meanwhile
        program.master.start()
    wait_for(lambda: count_traps(program) >= EVENTS, 60, f"{EVENTS} traps")


def settled(program):
    """The last event's number, once all notifications are with the master."""
    wanted = ["EMAIL-MONITOR-MIB::" + name for name in ("emailMonNotificationsPending.0", "emailMonEventLast.0")]
    now = program.master.get(*wanted)
    return int(now[wanted[1]]) if now.get(wanted[0]) == "0" else 0


def count_traps(program):
    return len(program.traps("emailMonDown")) + len(program.traps("emailMonUp"))


def sequence(program):
    return {int(trap["emailMonEventSeq"]) for kind in ("emailMonDown", "emailMonUp") for trap in program.traps(kind)}
