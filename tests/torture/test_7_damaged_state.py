"""A state or a key file that is not what emailmon left: it starts with a new one, or says in one line why not."""

import contextlib
import os
import sqlite3
import subprocess

import fake
from local_faults import wait_recovered
from program import check_none_is_down, state_files, watching

SIDE_BY_SIDE = True

ROWS = 5
PAGE, GIGABYTE = 4096, 1 << 30


def overwrite(path, at, n):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(os.urandom(n))


def enlarge(path):
    overwrite(path, 0, PAGE)
    os.truncate(path, GIGABYTE)


DAMAGES = {
    "cut": lambda path: os.truncate(path, os.path.getsize(path) // 2),
    "with other pages": lambda path: overwrite(path, PAGE, os.path.getsize(path) - PAGE),
    "something else": lambda path: overwrite(path, 0, os.path.getsize(path)),
    "a gigabyte of something else": enlarge,
}


def set_aside(program):
    return {path for path in state_files(program) if "damaged" in path}


def check_refused(program, words):
    """It ends at once, and says why in its last line."""
    program.start(wait=False)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.process.wait(5)
    assert program.process.poll() == 1 and words in program.log_tail(1), f"{words}: {program.log_tail(2)}"


def version(program, number=None):
    """The version of the state, after it was set."""
    with contextlib.closing(sqlite3.connect(program.settings["state"])) as state:
        if number is not None:
            state.execute(f"PRAGMA user_version = {number}")
        return state.execute("PRAGMA user_version").fetchone()[0]


def test_a_state_that_is_damaged():
    """A state that is cut, overwritten or a gigabyte of something else is set aside, with an alarm until the next
    start; monitoring begins anew, and no row is down for it"""
    with fake.serving() as server:
        rows = [fake.monitor(f"row{n}", server.ports, interval=1) for n in range(ROWS)]
        with watching(rows) as program:
            for what, damage in DAMAGES.items():
                wait_recovered(program, program.names(), 10)
                program.stop()
                before = set_aside(program)
                damage(program.settings["state"])
                program.start()
                assert set_aside(program) - before, f"{what}: it was not set aside"
                program.wait_alarm("state", True)
            wait_recovered(program, program.names(), 10)
            check_none_is_down(program, program.names(), "with a new state")
            program.stop()
            program.start()
            program.wait_alarm("state", False)


def test_a_state_that_is_not_ours():
    """A state of a later version, and a key file that others may read, are left as they are: emailmon ends and says in
    one line why; put right, it goes on with all that it knew"""
    with fake.serving() as server:
        rows = [fake.monitor(f"row{n}", server.ports, interval=1) for n in range(ROWS)]
        with watching(rows) as program:
            wait_recovered(program, program.names(), 10)
            polls = program.status("Polls")
            program.stop()
            ours, key = version(program), program.settings["state"] + ".key"
            version(program, ours + 1)
            check_refused(program, "a later emailmon wrote it")
            version(program, ours)
            os.chmod(key, 0o640)
            check_refused(program, "others may read or write it")
            os.chmod(key, 0o600)
            program.start()
            assert not set_aside(program)
            after = program.status("Polls")
            assert all(after[i][0] >= polls[i][0] for i in polls), "counters went back"
            wait_recovered(program, program.names(), 10)
            check_none_is_down(program, program.names(), "after the refusals")
