"""Passwords that cannot be had: a file or a command in every bad state; and that all is well when they can."""

import os
import shutil

import fake
from local_faults import SECRET, WENT_AND_CAME, check_told, wait_recovered, wait_unknown
from places import own
from program import check_none_is_down, watching

SIDE_BY_SIDE = True

SLEEP_S = 100000 + os.getpid()                # no other program sleeps so long
RETRY_S, COMMAND_S = 60, 10
MORE_KIB = 16 * 1024
WELL = '[ "$(cat %s)" != well ] || { echo anything; exit 0; }\n'

# What a command does when it is not well.
COMMANDS = {
    "fails": "exit 3",
    "hangs": f"sleep {SLEEP_S}",
    "hangs-deaf": f"trap '' TERM INT HUP; sleep {SLEEP_S}; sleep {SLEEP_S}",
    "leaves-one": f"sleep {SLEEP_S} & exit 1",
    "floods": "head -c 1000000000 /dev/zero",
    "shouts": "head -c 1000000000 /dev/zero >&2; exit 1",
    "is-killed": "kill -9 $$",
    "nul": "printf 'any\\0thing\\n'",
    "two-lines": "printf 'any\\r\\nthing\\r\\n'",
    "control": "printf 'any\\001thing\\n'",
    "no-word": "exit 0",
    "long": "head -c 256 /dev/zero | tr '\\0' x",
}
# These are well, if odd, whatever the mood.
ODD = {
    "line-end": "printf 'anything\\r\\n'",
    "no-line-end": "printf anything",
    "leaves-one-well": f"sleep {SLEEP_S} & echo anything",
    "shouts-well": "head -c 1000000 /dev/zero >&2; echo anything",
}
# What is in the place of a file; it is called by the path.
FILES = {
    "missing": lambda path: None,
    "a-folder": os.mkdir,
    "a-pipe": os.mkfifo,
    "a-bad-link": lambda path: os.symlink("/nonexistent/secret", path),
    "empty": lambda path: write(path, b""),
    "with-nul": lambda path: write(path, b"any\0thing\n"),
    "endless": lambda path: os.symlink("/dev/zero", path),
}


def write(path, content):
    with open(path, "wb") as f:
        f.write(content)


def path_of(name):
    return os.path.join(own("secrets"), name)


def be(mood):
    write(path_of("mood"), mood)


def clear(path):
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def be_well():
    be(b"well")
    for name in FILES:
        clear(path_of(name))
        write(path_of(name), b"anything\n")


def be_bad():
    be(b"bad")
    for name, make in FILES.items():
        clear(path_of(name))
        make(path_of(name))


def rows_of(ports):
    shutil.rmtree(own("secrets"), ignore_errors=True)
    os.makedirs(own("secrets"))
    be_well()
    rows = [fake.monitor("healthy", ports, interval=1)]
    for name in (*COMMANDS, *ODD, *FILES):
        row = fake.monitor(name, ports, interval=1)
        del row["incoming"]["password"]
        if name in FILES:
            row["incoming"]["password_file"] = path_of(name)
        else:
            script = WELL % path_of("mood") + COMMANDS[name] if name in COMMANDS else ODD[name]
            write(path_of(name), f"{script}\n".encode())
            row["incoming"]["password_command"] = ["/bin/sh", path_of(name)]
        rows.append(row)
    return rows


def left_behind():
    """Processes that a command has left."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                if f"{SLEEP_S}".encode() in cmdline.read():
                    found.append(pid)
        except OSError:
            pass
    return found


def test_secrets_that_cannot_be_had():
    """A password that a file or a command does not give, in nineteen ways, makes its row unknown after three polls and
    never down, sends its probes all the same, and raises an alarm; nothing that a command started outlives it; and
    within a minute after it can be had all rows are up, without a restart or a reload"""
    with fake.serving() as server, watching(rows_of(server.ports)) as program:
        index = {name: i for i, name in program.names().items()}
        bad, good = ([index[name] for name in names] for names in ((*COMMANDS, *FILES), ("healthy", *ODD)))
        wait_recovered(program, index.values(), 15)
        assert not program.alarm("secrets")
        before_kib = program.resident_kib()
        polls = program.status("Polls")
        be_bad()
        program.reload()
        wait_unknown(program, bad, SECRET, 30, since=polls)
        program.wait_alarm("secrets", True)
        sent = program.status("Sent")
        program.wait_polls(bad, 2, 10)
        assert all(program.status("Sent")[i][0] > sent[i][0] for i in bad), "probes are not sent any more"
        assert program.resident_kib() - before_kib < MORE_KIB, f"{program.resident_kib() - before_kib} KiB more"
        assert not left_behind(), left_behind()
        wait_recovered(program, good, 1)
        be_well()
        wait_recovered(program, index.values(), RETRY_S + COMMAND_S)
        program.wait_alarm("secrets", False)
        check_none_is_down(program, index.values(), "when passwords could not be had")
        check_told(program, (*COMMANDS, *FILES), WENT_AND_CAME)
        check_told(program, ("healthy", *ODD), [])
