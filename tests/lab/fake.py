"""The fake mail server of the unit tests as a program: for many rows, where real servers would be the bottleneck."""

import contextlib
import itertools
import os
import ssl
import subprocess

from emailmon import SENDER
from places import TREE, LabError

PROGRAM = os.environ.get("FAKE_MAIL") or os.path.join(TREE, "build", "release", "tests", "fake", "fake_mail")
HOST = "127.0.0.1"


class Server:
    """A fake server with ports that stay its own when it is stopped and started.  It ends with its standard input, so
    with us too."""

    def __init__(self):
        self.ports, self.process = {}, None
        self.start()

    def start(self):
        """`ports`: {protocol: port}."""
        if not os.path.exists(PROGRAM):
            raise LabError(f"{PROGRAM} is missing: ./dev build makes it")
        command = [PROGRAM, *(f"{protocol}={port}" for protocol, port in self.ports.items())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = [self.process.stdout.readline().split() for _ in range(3)]
        self.ports = {protocol: int(port) for protocol, port in said}

    def ask(self, command):
        """A command of the program, and the lines of its answer."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return [line.rstrip("\n") for line in itertools.takewhile(lambda line: line != ".\n", self.process.stdout)]

    def misbehave(self, fault, number=1):
        """From now on; 0: not any more.  The words are those of fake_fault.def."""
        answer = self.ask(f"{fault}={number}")
        assert not answer, answer

    def broken(self, where):
        """From now on ("smtp dot silence done": fake_phase.def, fake_act.def), or, "smtp none", not any more."""
        answer = self.ask(where)
        assert not answer, answer

    def mails(self):
        """{(user, number)} of all mails; no number comes twice in a mailbox."""
        return {tuple(line.split()) for line in self.ask("mails")}

    def counted(self, what):
        return next(int(line.rpartition(": ")[2]) for line in self.ask("counts") if line.startswith(what + ":"))

    def certificate(self, path):
        """Write what it shows under TLS; it has signed that itself, so it can be trusted as an authority."""
        with open(path, "w", encoding="ascii") as f:
            f.write(ssl.get_server_certificate((HOST, self.ports["imap"])))
        return path

    def stop(self):
        """Nothing of it is left: no connection, no mail."""
        self.process.communicate("")
        self.process.wait(10)


@contextlib.contextmanager
def serving():
    """A fake server for the length of a `with`."""
    server = Server()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def monitor(name, ports, protocol="imap", **settings):
    """A monitor with a mailbox of its own at the fake server."""
    return {"name": name, **settings,
            "smtp": {"server": HOST, "port": ports["smtp"], "to": f"{name}@fake.test", "from": SENDER},
            "incoming": {"type": protocol, "server": HOST, "port": ports[protocol], "username": name,
                         "password": "anything", "plaintext_auth": True}}


def secured(rows, **how):
    """The same rows with TLS from the first byte on both legs; `how`: more settings of the legs."""
    for row in rows:
        for leg in row["smtp"], row["incoming"]:
            leg.update(security="tls", **how)
    return rows
