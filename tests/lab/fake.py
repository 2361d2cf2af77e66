"""The fake mail server of the unit tests as a program: for many rows, where real servers would be the bottleneck."""

import contextlib
import os
import subprocess

from emailmon import SENDER
from places import TREE, LabError

PROGRAM = os.environ.get("FAKE_MAIL") or os.path.join(TREE, "build", "release", "tests", "fake", "fake_mail")
HOST = "127.0.0.1"


@contextlib.contextmanager
def serving(**faults):
    """A fake server for the length of a `with`: {protocol: port}.  It ends with its standard input, so with us too."""
    command = [PROGRAM, *(f"{fault.replace('_', '-')}={number}" for fault, number in faults.items())]
    if not os.path.exists(PROGRAM):
        raise LabError(f"{PROGRAM} is missing: ./dev build makes it")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield {protocol: int(port) for protocol, port in (server.stdout.readline().split() for _ in range(3))}
        finally:
            server.stdin.close()
            server.stdout.read()
            server.wait(10)


def monitor(name, ports, protocol="imap", **settings):
    """A monitor with a mailbox of its own at the fake server."""
    return {"name": name, **settings,
            "smtp": {"server": HOST, "port": ports["smtp"], "to": f"{name}@fake.test", "from": SENDER},
            "incoming": {"type": protocol, "server": HOST, "port": ports[protocol], "username": name,
                         "password": "anything", "plaintext_auth": True}}
