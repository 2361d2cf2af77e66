"""A storm of events while snmpd is away: all of them reach the console afterwards, in order, and not all at once."""

import time

import fake
from history import History
from places import in_root, wait_for
from program import watching

ROWS = 400
EVENTS, EVENTS_FULL = 3200, 10000
A_SECOND = 500                # that many notifications at most
JITTER = 1.15                 # of a window, as the console's log shows it


def storm(program, server, events):
    """Events until there are so many; emailmon is killed and started in the middle."""
    broken = False
    for due in range(ROWS, events + 1, ROWS):
        broken = not broken
        server.misbehave("drop", int(broken))
        wait_for(lambda due=due: program.events_on_disk() >= due, 20, f"{due} events on disk")
        if due == events // ROWS // 2 * ROWS:
            program.kill()
            program.start(wait=False)


def watch_them_leave(program, events):
    """[(seconds, notifications so far)] until all have come."""
    samples, began = [], time.monotonic()

    def all_came():
        with open(in_root(program.master.folder + "/traps.log"), "rb") as log:
            samples.append((time.monotonic() - began, log.read().count(b"emailMonEventSeq")))
        return samples[-1][1] >= events
    wait_for(all_came, events / A_SECOND * 3 + 20, f"{events} notifications")
    return samples


def fastest(samples, window_s):
    """The most that came within a window."""
    most, first = 0, 0
    for moment, count in samples:
        while moment - samples[first][0] > window_s:
            first += 1
        most = max(most, count - samples[first][1])
    return most


def test_a_storm_while_the_master_is_away(full):
    """Thousands of events (10,000 in the long form) while snmpd is away, and a kill -9 among them: all arrive
    afterwards, in order, at most 500 a second"""
    events = EVENTS_FULL if full else EVENTS
    with fake.serving() as server:
        with watching([fake.monitor(f"flap{n}", server.ports, interval=1) for n in range(ROWS)]) as program:
            program.wait_polled(2)
            program.master.stop()
            storm(program, server, events)
            program.master.start()
            samples = watch_them_leave(program, events)
            last = History().read(program)
            dropped = program.scalar("NotificationsDropped")
            wait_for(lambda: program.scalar("NotificationsPending") == 0, 10, "no notification pending")
            came = program.arrived()
            assert dropped == 0, f"{dropped} were dropped"
            assert set(came) >= set(range(1, last + 1)), "some are lost"
            firsts = list(dict.fromkeys(came))
            assert firsts == sorted(firsts), "they came out of order"
            assert len(came) <= last + 16, f"{len(came)} notifications of {last} events"
            most = fastest(samples, 2) / 2
            assert most <= A_SECOND * JITTER, f"{most:.0f} a second"
            print(f"    {last} events, {most:.0f} notifications a second at most")
