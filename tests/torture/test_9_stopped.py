"""Processes that stand still for a while, and go on: snmpd, whose sockets fill up meanwhile, and emailmon itself."""

import time

import fake
from history import History
from local_faults import wait_recovered
from places import wait_for
from processes import stopped
from program import check_none_is_down, watching

SIDE_BY_SIDE = True

STOPPED_S, MASTER_STOPPED_FULL_S, STOPPED_FULL_S = 20, 180, 300
FLAPPING = 200
MOST_EVENTS = 15000           # of 20,000 that wait for a master at most
MORE_KIB = 16 * 1024
IN_FLIGHT = 16                # notifications that may come twice when the session ended before their answers came
TALKING, TIMEOUT_S, DELAY_MS = 60, 2, 250
SHORT_S, SHORT_STOPS = 3, 2   # longer than a row waits for a reply


def flap_for(program, server, seconds):
    """Events for so long; how many."""
    events, end = program.events_on_disk(), time.monotonic() + seconds
    while time.monotonic() < end and events < MOST_EVENTS:
        events += FLAPPING
        server.misbehave("drop", events // FLAPPING % 2)
        wait_for(lambda: program.events_on_disk() >= events, 10, f"{events} events on disk")
    server.misbehave("drop", 0)
    time.sleep(max(0, end - time.monotonic()))
    return program.events_on_disk()


def test_a_master_that_stands_still(full):
    """While snmpd is stopped for twenty seconds (three minutes in the long form), and its sockets fill up, rows go down
    and up as ever, and memory stays bounded; when it goes on every notification arrives, in order"""
    with fake.serving() as server:
        with watching([fake.monitor(f"flap{n}", server.ports, interval=1) for n in range(FLAPPING)]) as program:
            program.wait_polled(2)
            before_kib = program.resident_kib()
            with stopped(program.master.pid()):
                events = flap_for(program, server, MASTER_STOPPED_FULL_S if full else STOPPED_S)
                more_kib = program.resident_kib() - before_kib
            wait_for(lambda: len(set(program.arrived())) >= events, events / 100 + 30, f"{events} notifications")
            wait_recovered(program, program.names(), 20)
            last = History().read(program)
            wait_for(lambda: len(set(program.arrived())) >= last, 10, f"{last} notifications")
            came = program.arrived()
            firsts = list(dict.fromkeys(came))
            assert firsts == list(range(1, last + 1)), f"{len(firsts)} of {last} arrived, or not in order"
            assert len(came) <= last + IN_FLIGHT, f"{len(came)} notifications of {last} events"
            assert program.scalar("NotificationsDropped") == 0
            assert more_kib < MORE_KIB, f"{more_kib} KiB more"
            print(f"    {events} events meanwhile, {more_kib} KiB more")


def talking_rows(plain, tls):
    """A long conversation each, with a server that takes its time."""
    for n in range(TALKING):
        row = fake.monitor(f"row{n}", (plain, tls)[n // 2 % 2].ports, ("imap", "pop3")[n % 2], interval=1)
        row["smtp"]["timeout"] = row["incoming"]["timeout"] = TIMEOUT_S
        yield from fake.secured([row], tls_verify=False) if n // 2 % 2 else [row]


def test_stopped_in_the_middle_of_replies(full):
    """emailmon stopped for longer than a row waits for a reply, for twenty seconds too (five minutes in the long form),
    while conversations are under way, says of none of them that it timed out"""
    with fake.serving() as plain, fake.serving() as tls:
        tls.misbehave("tls")
        with watching(list(talking_rows(plain, tls))) as program:
            wait_recovered(program, program.names(), 20)
            for server in plain, tls:
                server.misbehave("delay", DELAY_MS)
            program.wait_polls(program.names(), 1, 30)
            for seconds in [SHORT_S] * SHORT_STOPS + [STOPPED_FULL_S if full else STOPPED_S]:
                with stopped(program.process.pid):
                    time.sleep(seconds)
                program.wait_polls(program.names(), 1, 30)
                check_none_is_down(program, program.names(), f"stopped for {seconds} s")
            assert not History().read(program), "events, though no server failed"
