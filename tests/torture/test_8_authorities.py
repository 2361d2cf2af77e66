"""The file of certificates that are trusted (tls.ca_file), when it cannot be used."""

import os
import shutil

import fake
from client import UP
from local_faults import wait_recovered
from places import own, wait_for
from program import check_none_is_down, watching

SIDE_BY_SIDE = True

ROWS = 5
CONTENTS = {"missing": None, "empty": b"", "not certificates": b"-----BEGIN CERTIFICATE-----\nnone\n"}
UNKNOWN, LOCAL, STATE = 3, 5, 31


def make_bad(path, content):
    if os.path.exists(path):
        os.unlink(path)
    if content is not None:
        with open(path, "wb") as f:
            f.write(content)


def secured(server):
    return fake.secured([fake.monitor(f"row{n}", server.ports, interval=1) for n in range(ROWS)])


def test_other_authorities_need_a_restart():
    """A reload that names other certificates to be trusted says that this needs a restart, and changes nothing, whatever
    is in that file"""
    bad = own("authorities.pem")
    with fake.serving() as server:
        server.misbehave("tls")
        with watching(secured(server), tls={"ca_file": server.certificate(own("fake.pem"))}) as program:
            wait_recovered(program, program.names(), 10)
            for content in CONTENTS.values():
                make_bad(bad, content)
                program.settings["tls"] = {"ca_file": bad}
                program.reload()
                program.wait_polls(program.names(), 1, 10)
            assert program.log_lines("tls.ca_file needs a restart"), program.log_tail(5)
            check_none_is_down(program, program.names(), "after the reloads")


def check_waits(program, plain, what):
    """Rows that verify are unknown, and nobody is connected to; the others are polled."""
    program.wait_polls(program.names(), 2, 10)
    rows = program.status("OperStatus", "FailureLeg", "FailureCause")
    wrong = {index: row for index, row in rows.items()
             if list(row) != ([UP, 1, 1] if index == plain else [UNKNOWN, LOCAL, STATE])}
    assert not wrong, f"{what}: {wrong}"
    assert program.log_lines("monitors that verify certificates wait for it"), program.log_tail(5)


def test_authorities_that_cannot_be_used():
    """With a file of trusted certificates that is missing, empty or none, emailmon says so and runs: rows that verify
    are unknown, others are polled; as soon as the file is there all are up"""
    bad = own("authorities.pem")
    with fake.serving() as server, fake.serving() as other:
        server.misbehave("tls")
        for what, content in CONTENTS.items():
            make_bad(bad, content)
            rows = [*secured(server), fake.monitor("plain", other.ports, interval=1)]
            with watching(rows, tls={"ca_file": bad}) as program:
                plain = next(index for index, name in program.names().items() if name == "plain")
                check_waits(program, plain, what)
                shutil.copy(server.certificate(own("fake.pem")), bad)
                wait_for(lambda: all(row[0] == UP for row in program.status("OperStatus").values()), 15, "all rows up")
