"""The file of certificates that are trusted (tls.ca_file), when it cannot be used."""

import os
import subprocess

import fake
from local_faults import wait_recovered
from places import own
from program import Program, check_none_is_down, watching

SIDE_BY_SIDE = True

ROWS = 5
CONTENTS = {"missing": None, "empty": b"", "not certificates": b"-----BEGIN CERTIFICATE-----\nnone\n"}


def make_bad(path, content):
    if os.path.exists(path):
        os.unlink(path)
    if content is not None:
        with open(path, "wb") as f:
            f.write(content)


def check_start_refused(program, what):
    program.start(wait=False)
    try:
        code = program.process.wait(5)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{what}: emailmon runs") from None
    assert code == 1 and "authorities.pem: " in program.log_tail(1), f"{what}: {code}, {program.log_tail(2)}"


def test_authorities_that_cannot_be_used():
    """With a file of trusted certificates that is missing, empty or none, emailmon does not start, and names it in one
    line; told so by a reload it says that this needs a restart, and goes on with those it has"""
    with fake.serving() as server:
        server.misbehave("tls")
        rows = fake.secured([fake.monitor(f"row{n}", server.ports, interval=1) for n in range(ROWS)])
        good = {"ca_file": server.certificate(own("fake.pem"))}
        bad = own("authorities.pem")
        with watching(rows, tls=good) as program:
            wait_recovered(program, program.names(), 10)
            for content in CONTENTS.values():
                make_bad(bad, content)
                program.settings["tls"] = {"ca_file": bad}
                program.reload()
                program.wait_polls(program.names(), 1, 10)
            assert program.log_lines("tls.ca_file needs a restart"), program.log_tail(5)
            check_none_is_down(program, program.names(), "after the reloads")
            refused = Program(program.rows, program.master, tls={"ca_file": bad})
            for what, content in CONTENTS.items():
                make_bad(bad, content)
                check_start_refused(refused, what)
            refused.client.close()
