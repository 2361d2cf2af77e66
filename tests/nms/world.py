"""What a console has before it: a real emailmon behind a real snmpd, with rows that a test can break and mend.

`office` is watched by IMAP in TLS, and its server never fails; `branch` by POP3, at a server of its own.  Both
servers are those of tests/fake.
"""

import contextlib
import os
import socket

import fake
import snmp
from emailmon import Emailmon, verdict
from places import TREE

MASTER = 80                   # the number of these tests' own snmpd, beside the other tests' in one machine
INTERVAL_S = 2
STEADY, FRAGILE = "office", "branch"
UP = ("up", "roundTrip")


class World:
    """`master`: snmpd (its .address is what a console asks); `program`: emailmon, with .table() and .traps()."""

    def __init__(self, master, program, server):
        self.master, self.program, self.server = master, program, server

    def break_branch(self):
        """From now on connections to the server of `branch` are refused."""
        self.server.stop()

    def mend_branch(self):
        self.server.start()

    def lose_a_password(self):
        """A further row's password file is not there: emailmon raises its alarm `secrets`."""
        row = fake.monitor("keyless", self.server.ports)
        del row["incoming"]["password"]
        row["incoming"]["password_file"] = "/nonexistent"
        self.program.rows.append(row)
        self.program.reload()

    def index(self, name):
        """The index of a row, as consoles know it."""
        return next(index for index, found in self.master.column("emailMonName").items() if found == name)

    def wait_verdict(self, name, word, timeout_s=10 * INTERVAL_S):
        """Until emailmon itself says so; what it then says of the row."""
        return self.program.wait_table(lambda table: table.get(name, {}).get("OperStatus") == word, timeout_s,
                                       f"{name} to be {word}")[name]


def sink(address):
    """The line of snmpd.conf that sends notifications to "ADDRESS:PORT", from the address of snmpd itself: consoles
    know a device by that."""
    return f"trap2sink {address} {snmp.COMMUNITY}\n[snmp] clientaddr {snmp.PLAIN_IP}\n"


def console_file(path):
    """What emailmon brings for a console: console_file("zabbix/emailmon.yaml")."""
    with open(os.path.join(TREE, "config", "consoles", path), encoding="utf-8") as f:
        return f.read()


def is_open(host, port):
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def watching(traps_to=None, interval=INTERVAL_S, more=""):
    """A World whose rows are up.  `traps_to`: where notifications go besides snmpd's own receiver; `more`: lines of
    snmpd.conf."""
    with fake.serving() as steady, fake.serving() as fragile, \
            snmp.Master(MASTER, more + (sink(traps_to) if traps_to else "")) as master:
        steady.misbehave("tls")                # from the first byte on: consoles see a certificate
        rows = [*fake.secured([fake.monitor(STEADY, steady.ports, interval=interval)], tls_verify=False),
                fake.monitor(FRAGILE, fragile.ports, "pop3", interval=interval)]
        with Emailmon(rows, master) as program:
            program.wait_rows(lambda row: verdict(row) == UP, 10 * interval, "both rows up by a round trip")
            yield World(master, program, fragile)
