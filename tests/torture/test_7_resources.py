"""No descriptors and no memory: nobody is blamed, and all is well when there are some again."""

import concurrent.futures
import contextlib
import os
import resource
import threading
import time

import fake
from client import DISABLED, NO_ERROR, STATUSES, UNKNOWN, Client, cells
from history import History
from local_faults import RESOURCES, WENT_AND_CAME, check_told, wait_recovered, wait_unknown
from places import wait_for
from processes import memory_kib
from program import check_none_is_down, set_cells, watching

SIDE_BY_SIDE = True

ROWS = 60
MADE = 5000
SPARED = 32                   # descriptors that connections leave to others
ALARM_S = 60                  # that long an alarm tells of descriptors


def descriptors_at_rest(program):
    """Those that are open all the time."""
    always = None
    for _ in range(100):
        now = set(map(int, os.listdir(f"/proc/{program.process.pid}/fd")))
        always = now if always is None else always & now
        time.sleep(0.01)
    return always


def leave_no_connection(program):
    """A limit below which no connection of a poll finds a number."""
    always = descriptors_at_rest(program)
    first_free = next(number for number in range(len(always) + 1) if number not in always)
    program.limit(resource.RLIMIT_NOFILE, first_free + SPARED)


def restart_master(program):
    program.master.stop()
    program.master.start()
    wait_for(program.serves, 5, "the table behind the new snmpd")


def test_descriptors_used_up(full):
    """When polls have no descriptor left rows are unknown after three polls and never down, with an alarm; a restarted
    snmpd, SETs, the state and a reload still find some; and all is well when there are some again"""
    with fake.serving() as server:
        rows = [fake.monitor(f"row{n}", server.ports, ("imap", "pop3")[n % 2], interval=1) for n in range(ROWS)]
        with watching(rows) as program:
            names = program.names()
            program.wait_polled(2)
            leave_no_connection(program)
            wait_unknown(program, names, RESOURCES, 60)
            program.wait_alarm("descriptors", True)
            restart_master(program)
            assert program.client.set(set_cells(MADE, "made", server.ports, interval=1)) == NO_ERROR
            loaded = program.scalar("ConfigLoaded")
            program.rows.append(fake.monitor("another", server.ports, interval=1))
            program.reload()
            wait_for(lambda: program.scalar("ConfigLoaded") != loaded, 5, "the file to be loaded again")
            assert not program.alarm("state")
            program.limit(resource.RLIMIT_NOFILE)
            wait_recovered(program, program.names(), 20)
            check_told(program, names.values(), WENT_AND_CAME)
            assert program.client.set(cells(MADE, Description="afterwards")) == NO_ERROR
            if full:
                program.wait_alarm("descriptors", False, ALARM_S + 5)


GROWN = 500                   # rows that a file gets while there is no memory for them
LONG_S, SHORT_S = 12, 3       # four polls, each with a second try after a pause; some
SOME_KIB, SOME_KIB_FULL = (200, 800), range(0, 3200, 100)
CONSOLE_COLUMNS = 20


def writable_bytes(program):
    return 1024 * memory_kib(program.process.pid, "VmData")


def ask_for_more(program, ports):
    """What needs memory that is not there: a file with many more rows, and a SET, which may be refused."""
    program.rows += [fake.monitor(f"more{n}", ports, enabled=False) for n in range(GROWN)]
    program.reload()
    program.client.set(set_cells(MADE, "made", ports, AdminStatus=DISABLED))


def read_on(master, done):
    """A console's requests: many columns each, and no answer to some."""
    with contextlib.closing(Client(master, timeout_s=1)) as client:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                client.status(*list(STATUSES)[:CONSOLE_COLUMNS])


@contextlib.contextmanager
def console(program):
    """Somebody reads the table meanwhile, without a pause."""
    done = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_on, program.master, done)
        try:
            yield
        finally:
            done.set()
            reading.result()


def starve(program, kib, seconds):
    """So much memory more than it has, and what it gives back is gone; a console asks for more than that all the time."""
    with console(program):
        least, end = writable_bytes(program) + kib * 1024, time.monotonic() + seconds
        while time.monotonic() < end:
            least = min(least, writable_bytes(program) + kib * 1024)
            program.limit(resource.RLIMIT_DATA, least)
            time.sleep(0.1)


def check_nobody_blamed(program, names):
    """The rows that were unknown meanwhile."""
    wait_recovered(program, names, 20)
    check_none_is_down(program, names, "after memory was short")
    history = History()
    history.read(program)
    return {name for name in names.values() for event in history.of(name) if event[4] == UNKNOWN}


def test_memory_used_up(full):
    """When emailmon gets no more memory, and is asked for what needs more, it goes on, and rows are unknown after three
    polls and never down; with memory again all is well without a restart, also where only a part of it was lacking"""
    with fake.serving() as server:
        server.misbehave("tls")
        rows = [fake.monitor(f"row{n}", server.ports, ("imap", "pop3")[n % 2], interval=1) for n in range(ROWS)]
        with watching(fake.secured(rows, tls_verify=False)) as program:   # TLS asks for memory at every step
            names = program.names()
            program.wait_polled(2)
            starve(program, 0, 0.1)
            ask_for_more(program, server.ports)
            starve(program, 0, LONG_S)
            program.limit(resource.RLIMIT_DATA)
            unknown = check_nobody_blamed(program, names)
            assert program.log_lines("memory is short"), "there was memory enough"
            check_told(program, unknown, WENT_AND_CAME)
            program.reload()
            wait_for(program.serves, 10, "the rows that there was no memory for")
            for kib in SOME_KIB_FULL if full else SOME_KIB:
                starve(program, kib, SHORT_S)
                program.limit(resource.RLIMIT_DATA)
                check_nobody_blamed(program, names)
            print(f"    {len(unknown)} of {ROWS} rows were unknown when there was none")
