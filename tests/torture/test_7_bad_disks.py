"""Disks that are slow, fail, or may only be read: no verdict changes, nobody waits for them, and nothing is lost."""

import contextlib
import errno
import subprocess
import time

import fake
from client import ACTIVE, COMMIT_FAILED, NO_ERROR, RESOURCE_UNAVAILABLE
from history import History
from places import wait_for
from program import check_none_is_down, set_cells, watching
from shim import BadDisk
from test_4_disks import (FLAPPING, MADE, STEADY, Disk, check_all_is_known, check_disk, flap, rows_of,
                          start_on_a_full_disk)

SIDE_BY_SIDE = True

SYNC_MS = 10000
SLOW_S = 12                   # longer than one sync
LAG_MS = 1000


def test_a_disk_whose_writes_fail():
    """While nothing can be written because the disk has become one to read only, rows go down and up as ever, and all
    is numbered and kept afterwards"""
    disk = BadDisk()
    with fake.serving() as good, fake.serving() as bad:
        with watching(rows_of(good, bad), environment=disk.environment) as program:
            check_disk(program, good, bad, lambda: disk.be(write_error=errno.EROFS), disk.mend)


def test_a_disk_whose_syncs_fail():
    """While writes seem to succeed, and every sync ends with EIO, rows go down and up as ever, and all is numbered and
    kept afterwards"""
    disk = BadDisk()
    with fake.serving() as good, fake.serving() as bad:
        with watching(rows_of(good, bad), environment=disk.environment) as program:
            check_disk(program, good, bad, lambda: disk.be(sync_error=errno.EIO), disk.mend)


def test_a_slow_disk():
    """While every sync takes ten seconds rows are polled in time, and go down and up as ever; SETs are answered
    commitFailed in time; killed then, no row is down for it; and everything is told and kept afterwards"""
    disk = BadDisk()
    with fake.serving() as good, fake.serving() as bad:
        with watching(rows_of(good, bad), environment=disk.environment) as program:
            steady = range(1, STEADY + 1)
            program.wait_polled(2)
            disk.be(sync_ms=SYNC_MS)
            began = time.monotonic()
            program.wait_polls(steady, 2, 5)
            error = program.client.set(set_cells(MADE, "made", good.ports))
            assert error in (COMMIT_FAILED, RESOURCE_UNAVAILABLE), f"error {error}"
            flap(program, bad, True)
            flap(program, bad, False)
            program.wait_polls(steady, 2, 5)
            time.sleep(max(0, SLOW_S - (time.monotonic() - began)))
            lag_ms = program.scalar("SchedulerLag")
            assert lag_ms < LAG_MS, f"starts were {lag_ms} ms late"
            check_none_is_down(program, steady, "on a slow disk")
            disk.mend()
            program.wait_alarm("state", False, 15)
            history = History()
            wait_for(lambda: history.read(program) >= 2 * FLAPPING, 10, "a number for every event")
            wait_for(lambda: set(program.arrived()) >= set(history.known), 5, "a notification of each")
            assert program.client.set(set_cells(MADE + 1, "afterwards", good.ports)) == NO_ERROR
            check_killed_when_slow(program, disk, steady)
            assert program.client.row(MADE + 1, "RowStatus") == [ACTIVE]


def check_killed_when_slow(program, disk, steady):
    """Killed when it has gone on without the disk, while the first commit that takes long is not over."""
    disk.be(sync_ms=SYNC_MS)
    program.wait_polls(steady, 3, 10)
    program.kill()
    disk.mend()
    program.start()
    program.wait_polls(steady, 2, 10)
    check_none_is_down(program, steady, "after the kill on a slow disk")


@contextlib.contextmanager
def read_only(folder):
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)


def test_a_start_on_a_disk_to_read_only():
    """On a disk that may only be read emailmon starts, or ends at once and says in one line why; nothing is set aside,
    and all that was known is there when it may be written again"""
    with Disk() as disk, fake.serving() as server:
        with watching([fake.monitor(f"steady{n}", server.ports, interval=1) for n in range(STEADY)],
                      state=disk.state) as program:
            program.wait_polled(2)
            assert program.client.set(set_cells(MADE, "made", server.ports)) == NO_ERROR
            polls = program.status("Polls")
            program.kill()
            with read_only(disk.folder):
                start_on_a_full_disk(program)
            program.start()
            check_all_is_known(program, polls)
