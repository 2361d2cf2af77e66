"""Disks that are full, and files that may not grow: monitoring goes on, SETs are refused, all is well afterwards."""

import contextlib
import os
import resource
import subprocess
import time

import fake
from client import ACTIVE, COMMIT_FAILED, DESTROY, DOWN, NO_ERROR, RESOURCE_UNAVAILABLE, UP, cells
from history import History
from places import own, wait_for
from program import check_none_is_down, set_cells, state_files, watching

STEADY, FLAPPING = 20, 20
MADE, VOLATILE = 5000, 5001
FLAP_S = 8                    # until every row has noticed


class Disk:
    """A small disk of its own, which the machine does not see: the runner has a mount namespace."""

    def __enter__(self):
        self.folder = own("disk")
        os.makedirs(self.folder, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "none", self.folder], check=True)
        self.state, self.ballast = os.path.join(self.folder, "state.db"), os.path.join(self.folder, "ballast")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=True)

    def fill(self):
        with open(self.ballast, "ab", buffering=0) as file:
            for n in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * n)

    def clear(self):
        os.unlink(self.ballast)


def flap(program, server, broken):
    """Break a server, or mend it, and wait for the verdicts of its rows."""
    rows = [i for i, name in program.names().items() if name.startswith("flap")]
    server.misbehave("drop", int(broken))
    wanted = DOWN if broken else UP
    wait_for(lambda: all(program.status("OperStatus")[i][0] == wanted for i in rows), FLAP_S, f"verdict {wanted}")


def numbers(program):
    """The numbers that notifications brought, 0 for those that had none yet."""
    return sorted(program.arrived())


def wait_told(program, last):
    """Until events up to this number are on disk, and at the console."""
    wait_for(lambda: numbers(program)[-1:] == [last] and program.scalar("NotificationsPending") == 0, 5,
             f"notifications up to number {last}")


def check_sets_refused(program, ports):
    """SETs that concern the state are, others are not; and nothing has changed."""
    assert program.client.set(set_cells(MADE, "made", ports)) == RESOURCE_UNAVAILABLE, "createAndGo"
    assert "cannot be written" in program.scalar("LastSetError").decode()
    assert program.client.set(cells(1, AdminStatus=2)) == RESOURCE_UNAVAILABLE, "AdminStatus"
    assert program.client.set(cells(1, PollNow=2)) == NO_ERROR, "PollNow"
    assert program.client.set(set_cells(VOLATILE, "volatile", ports, StorageType=2)) == NO_ERROR, "a volatile row"
    assert program.client.set(cells(VOLATILE, RowStatus=DESTROY)) == NO_ERROR, "a volatile row"
    assert program.client.row(MADE, "RowStatus") == [None], "a refused row is there"
    assert program.client.row(1, "AdminStatus") == [1], "a refused change was made"


def test_a_full_disk_changes_no_verdict():
    """While the disk is full rows go down and up as ever, notifications leave at once with number 0 and only once, SETs
    are refused; afterwards every event has its number, and SETs are taken"""
    with Disk() as disk, fake.serving() as good, fake.serving() as bad:
        with watching(rows_of(good, bad), state=disk.state) as program:
            check_disk(program, good, bad, disk.fill, disk.clear)


def rows_of(good, bad):
    return ([fake.monitor(f"steady{n}", good.ports, interval=1) for n in range(STEADY)] +
            [fake.monitor(f"flap{n}", bad.ports, interval=1) for n in range(FLAPPING)])


def check_disk(program, good, bad, begin, end):
    """From `begin()` to `end()` the state cannot be written."""
    program.wait_polled(2)
    flap(program, bad, True)
    flap(program, bad, False)
    wait_told(program, 2 * FLAPPING)
    begin()
    program.wait_alarm("state", True)
    check_sets_refused(program, good.ports)
    flap(program, bad, True)
    flap(program, bad, False)
    wait_for(lambda: numbers(program).count(0) >= 2 * FLAPPING, 5, "notifications without a number")
    assert program.alarm("state"), "the alarm went although nothing can be written"
    check_sets_refused(program, good.ports)
    end()
    program.wait_alarm("state", False)
    check_numbered(program, bad)
    check_none_is_down(program, range(1, STEADY + 1), "after the bad time")
    assert program.client.set(set_cells(MADE, "made", good.ports)) == NO_ERROR
    program.kill()
    program.start()
    assert History().read(program) == 6 * FLAPPING
    assert program.client.row(MADE, "RowStatus") == [ACTIVE], "what was answered noError is gone"
    check_none_is_down(program, range(1, STEADY + 1), "after the kill")


def check_numbered(program, bad):
    """Each event of the bad time is in the table, and was told once; new ones go on behind it."""
    history = History()
    wait_for(lambda: history.read(program) == 4 * FLAPPING, 5, "a number for every event")
    flap(program, bad, True)
    flap(program, bad, False)
    wait_told(program, 6 * FLAPPING)
    assert history.read(program) == 6 * FLAPPING
    told = numbers(program)
    due = [0] * (2 * FLAPPING) + [*range(1, 2 * FLAPPING + 1), *range(4 * FLAPPING + 1, 6 * FLAPPING + 1)]
    assert told == due, f"told {told}"


def test_a_commit_that_fails():
    """The first SET on a full disk is answered commitFailed, later ones resourceUnavailable as long as it is full,
    although nothing else is written; memory and state agree, also over kill -9"""
    with Disk() as disk, fake.serving() as server:
        with watching([fake.monitor("quiet", server.ports, interval=3600)], state=disk.state) as program:
            program.wait_polled(1)
            assert program.client.set(set_cells(MADE, "made", server.ports, interval=3600)) == NO_ERROR
            program.wait_polled(1)
            wait_for(lambda: program.scalar("NotificationsPending") == 0, 5, "no notification pending")
            time.sleep(0.2)                      # what the last poll left to be written is
            disk.fill()
            error = program.client.set(cells(MADE, Description="lost"))
            assert error == COMMIT_FAILED, f"error {error}"
            assert program.client.row(MADE, "Description") == [b""], "memory has what was refused"
            program.wait_alarm("state", True)
            time.sleep(2.5)                      # it is tried again each second: not with success
            assert program.alarm("state"), "the alarm went although the disk is full"
            error = program.client.set(cells(MADE, Description="lost"))
            assert error == RESOURCE_UNAVAILABLE, f"error {error}"
            program.kill()
            disk.clear()
            program.start()
            assert program.client.row(MADE, "Description") == [b""], "the state has what was refused"
            assert program.client.set(cells(MADE, Description="kept")) == NO_ERROR
            program.restart()
            assert program.client.row(MADE, "Description") == [b"kept"]


def test_a_start_on_a_full_disk():
    """On a full disk emailmon ends within three seconds; starts, or says in one line why not; nothing is set aside, and
    with room again all that was known is there, and no row is down for what was not on record, also after kill -9"""
    with Disk() as disk, fake.serving() as server:
        rows = [fake.monitor(f"steady{n}", server.ports, interval=1) for n in range(STEADY)]
        with watching(rows, state=disk.state) as program:
            program.wait_polled(2)
            assert program.client.set(set_cells(MADE, "made", server.ports)) == NO_ERROR
            for end in (lambda: program.stop(timeout_s=3), program.kill):
                polls = program.status("Polls")
                disk.fill()
                program.wait_alarm("state", True)
                program.wait_polls(program.names(), 2, 10)
                end()
                start_on_a_full_disk(program)
                disk.clear()
                program.start()
                check_all_is_known(program, polls)


def start_on_a_full_disk(program):
    program.start(wait=False)
    with contextlib.suppress(subprocess.TimeoutExpired):
        assert program.process.wait(3) == 1, program.log_tail(3)
        assert "emailmon: state " in program.log_tail(1), program.log_tail(3)
    if program.process.poll() is None:
        program.wait_serving(5)
        program.wait_alarm("state", True)
        program.kill()


def check_all_is_known(program, polls):
    assert not [path for path in state_files(program) if "damaged" in path]
    assert program.client.row(MADE, "RowStatus") == [ACTIVE]
    after = program.status("Polls")
    assert all(after[i][0] >= polls[i][0] - 1 for i in polls), "counters went back"
    program.wait_polls(program.names(), 3, 15)
    check_none_is_down(program, program.names(), "with room again")


def test_a_file_that_may_not_grow():
    """A limit on the size of files, of the log too, ends nothing: an alarm, and all is well when it is lifted"""
    with fake.serving() as server:
        rows = [fake.monitor(f"steady{n}", server.ports, interval=1) for n in range(STEADY)]
        with watching(rows) as program:
            program.wait_polled(2)
            program.limit(resource.RLIMIT_FSIZE, 200)    # the log has more already
            program.wait_alarm("state", True)
            assert program.client.set(set_cells(MADE, "made", server.ports)) == RESOURCE_UNAVAILABLE
            program.wait_polls(program.names(), 2, 10)
            program.limit(resource.RLIMIT_FSIZE)
            program.wait_alarm("state", False)
            assert program.client.set(set_cells(MADE, "made", server.ports)) == NO_ERROR
            check_none_is_down(program, program.names(), "after the limit")
