"""snmpd comes and goes while rows flap and SETs go on."""

import contextlib
import os
import signal
import time

import fake
from client import NO_ERROR, cells
from history import History
from places import wait_for
from program import watching
from setter import Setter
from test_1_kills import SETS_AT, flapping

RESTARTS, RESTARTS_FULL = 10, 100
FLAPPING, SETTERS = 60, 4
BACK_S = 5                    # the table is there again that soon after snmpd is, on a busy machine
AWAY_S = 0.3


def restart(program, number):
    pid = program.master.pid()
    os.kill(pid, number)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}/exe") or not program.master.pid(), 10, "the end of snmpd")
    time.sleep(AWAY_S)        # events happen meanwhile
    program.master.start()
    wait_for(program.serves, BACK_S, "the table behind the new snmpd")


def wait_busy(program, setters):
    """Until each manager has got an answer, and half of the rows have flapped."""
    answers, events = [setter.answered for setter in setters], len(program.arrived())
    wait_for(lambda: all(setter.answered > before for setter, before in zip(setters, answers)), 20,
             "an answer to each manager")
    wait_for(lambda: len(program.arrived()) >= events + FLAPPING // 2, 20, "rows that flap")


def test_no_event_and_no_set_is_lost_with_a_master(full):
    """snmpd restarted 10 times (100 in the long form), by TERM and KILL, while rows flap and SETs go on: every event
    arrives, each SET that was answered is there, each row is whole, and the next SET is answered at once"""
    with fake.serving() as good, fake.serving() as bad, contextlib.ExitStack() as stack:
        rows = [fake.monitor(f"flap{n}", bad.ports, interval=1) for n in range(FLAPPING)]
        program = stack.enter_context(watching(rows))
        program.wait_polled(2)
        setters = [Setter(program.master, SETS_AT + n, good.ports) for n in range(SETTERS)]
        restarts = RESTARTS_FULL if full else RESTARTS
        try:
            with flapping(bad):
                for n in range(restarts):
                    wait_busy(program, setters)
                    restart(program, signal.SIGKILL if n % 2 else signal.SIGTERM)
                    for setter in setters:
                        setter.check(program, f"restart {n + 1}")
        finally:
            for setter in setters:
                setter.end()
        for setter in setters:
            setter.check(program, "the end")
        check_nothing_is_left(program, good.ports)
        last = check_all_arrived(program)
        assert last >= restarts * 10, f"too little happened: {last} events"
        print(f"    {restarts} restarts, {last} events, {len(program.arrived())} notifications, "
              f"{sum(s.answered for s in setters)} SETs answered, {sum(s.unanswered for s in setters)} unknown")


def check_nothing_is_left(program, ports):
    """A transaction that was left over would stand in the way of the next edits: by SET, and of the file."""
    loaded = program.scalar("ConfigLoaded")
    assert program.client.set(cells(1, AdminStatus=2)) == NO_ERROR
    assert program.client.set(cells(1, AdminStatus=1)) == NO_ERROR
    program.rows.append(fake.monitor("another", ports, interval=1))
    program.reload()
    wait_for(lambda: program.scalar("ConfigLoaded") != loaded, 5, "the file to be loaded again")
    assert "another" in program.names().values()
    assert program.scalar("Rows") == len(program.rows), "rows of SETs are left over"


def check_all_arrived(program):
    """Every number reached the console, hardly any twice; the last."""
    wait_for(lambda: program.scalar("NotificationsPending") == 0, 20, "no notification pending")
    last = History().read(program)
    wait_for(lambda: set(program.arrived()) >= set(range(1, last + 1)), 5, f"every number up to {last} at the console")
    assert program.scalar("NotificationsDropped") == 0
    assert len(program.arrived()) <= last * 1.02 + 3, f"{len(program.arrived())} notifications of {last} events"
    return last
