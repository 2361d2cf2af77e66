"""A clock that is set while emailmon runs: no verdict changes, nothing is missed or given up, and the alarm says so."""

import calendar
import os
import struct
import time

import fake
from client import NO_ERROR, ROUND_TRIP, UP, cells
from faked_time import WallClock
from history import History
from local_faults import CLOCK, WENT_AND_CAME, check_told, wait_recovered, wait_unknown
from places import own
from program import check_none_is_down, set_cells, watching

SIDE_BY_SIDE = True

HOUR_S, DAY_S = 3600, 86400
YEARS_S = 3653 * DAY_S        # ten
ROWS = 10
MADE = 5000
STEPS = (HOUR_S, -HOUR_S, DAY_S, -DAY_S, YEARS_S, -YEARS_S, 0)
NEAR_S = 30


def seconds(date_and_time):
    """A DateAndTime (RFC 2579) as seconds since 1970; UTC."""
    year, *rest = struct.unpack("!HBBBBBBcBB", date_and_time)
    assert rest[-3:] == [b"+", 0, 0], date_and_time
    return calendar.timegm((year, *rest[:5], 0, 0, 0))


def rows_of(ports):
    return [fake.monitor(f"row{n}", ports, ("imap", "pop3")[n % 2], interval=1) for n in range(ROWS)]


def check_step(program, clock, offset_s):
    clock.set(offset_s)
    program.wait_polls(range(1, ROWS + 1), 2, 10)
    now = time.time() + offset_s
    for index, (last, following) in program.status("LastPoll", "NextPoll").items():
        if index == MADE:
            continue
        assert abs(seconds(last) - now) < NEAR_S and abs(seconds(following) - now) < NEAR_S, \
            f"{offset_s:+d} s: row {index} was polled at {last}, and will be at {following}"
    check_none_is_down(program, program.names(), f"{offset_s:+d} s")
    rows = program.status("OperStatus", "Proof", "Lost", "Late", "Strays", "Duplicates").values()
    assert all(row == [UP, ROUND_TRIP, 0, 0, 0, 0] for row in rows), f"{offset_s:+d} s: {list(rows)[:3]}"


def test_a_clock_that_is_set():
    """The clock set by an hour, a day and ten years, forth and back, changes no verdict: every probe is found, none is
    missed or given up, the times shown are those of the clock, and an alarm tells of it"""
    clock = WallClock()
    with fake.serving() as server:
        with watching(rows_of(server.ports), environment=clock.environment) as program:
            wait_recovered(program, program.names(), 10)
            assert not program.alarm("clock")
            assert program.client.set(set_cells(MADE, "made", server.ports)) == NO_ERROR
            wait_recovered(program, program.names(), 10)
            for offset_s in STEPS:
                check_step(program, clock, offset_s)
                assert program.client.set(cells(MADE, Description=f"{offset_s}")) == NO_ERROR
            assert program.alarm("clock")
            assert not History().read(program), "events, though nothing failed"


def test_a_clock_that_is_set_over_a_kill():
    """Killed and started with a clock that is ten years ahead, or behind, no row is down, then or later"""
    clock = WallClock()
    with fake.serving() as server:
        with watching(rows_of(server.ports), environment=clock.environment) as program:
            wait_recovered(program, program.names(), 10)
            for offset_s in (YEARS_S, 0, -YEARS_S, 0):
                program.kill()
                clock.set(offset_s)
                program.start()
                program.wait_polls(program.names(), 2, 10)
                check_none_is_down(program, program.names(), f"{offset_s:+d} s")
            wait_recovered(program, program.names(), 5)


def test_certificates_before_their_time():
    """With a clock that shows a time before emailmon was built a certificate that is not valid yet proves nothing: rows
    are unknown, and not down, with an alarm; all come up with the right time"""
    clock = WallClock()
    with fake.serving() as server:
        server.misbehave("tls")
        rows = fake.secured(rows_of(server.ports))
        authority = {"ca_file": server.certificate(own("fake.pem"))}
        with watching(rows, environment=clock.environment, tls=authority) as program:
            names = program.names()
            wait_recovered(program, names, 10)
            clock.set(-YEARS_S)
            wait_unknown(program, names, CLOCK, 20)
            program.wait_alarm("clock", True)
            clock.set(0)
            wait_recovered(program, names, 10)
            check_told(program, names.values(), WENT_AND_CAME)
