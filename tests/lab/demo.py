#!/usr/bin/env python3
"""The demo: `./dev demo`.  A lab of real mail servers, five monitors, a server that stops and comes back."""

import contextlib
import signal
import sys
import time

import dovecot
import lab
import mailbox
import root
from emailmon import Emailmon, monitor, verdict
from places import LabError
from snmp import Master

INTERVAL_S = 4
STOPPED = "cram-md5"          # the Dovecot instance that the demo stops: nobody but `branch` reads his mail there

MONITORS = [
    ("office", "sends in clear, reads by IMAP over TLS",
     monitor("office", "u1", "smtp/none/noauth", "imap/tls/all")),
    ("branch", "sends in clear, reads by POP3 with STARTTLS",
     monitor("branch", "u2", "smtp/none/noauth", "pop3/starttls/cram-md5")),
    ("submission", "logs in and sends with STARTTLS, reads by IMAP over TLS",
     monitor("submission", "u3", "smtp/starttls/all", "imap/tls/plain")),
    ("wrong-password", "has a wrong password for its mailbox",
     monitor("wrong-password", "u4", "smtp/none/noauth", "imap/tls/wrong", incoming__password="not it")),
    ("black-hole", "sends to a server that accepts its mail and loses it",
     monitor("black-hole", "u5", "smtp/none/noauth", "imap/tls/all", detail="vanish")),
]
WORKING = ("office", "branch", "submission")

out = sys.stdout
began = time.monotonic()


def say(text):
    print(f"\n\033[1m[{time.monotonic() - began:3.0f} s] {text}\033[0m" if out.isatty()
          else f"\n[{time.monotonic() - began:3.0f} s] {text}", file=out, flush=True)


def show(text):
    print("    " + text.rstrip("\n").replace("\n", "\n    "), file=out, flush=True)


def show_status(program, **states):
    """The table as a person wants it, once it shows these rows in these states."""
    due = {**{name: "up" for name in WORKING}, "wrong-password": "down", "black-hole": "down", **states}
    program.wait_status(lambda rows: {name: row["verdict"] for name, row in rows.items()} == due, str(due))
    show("$ emailmon status -c emailmon.yaml")
    code, printed, error = program.run("status")
    if code != 0:
        raise LabError(f"emailmon status ends with {code}: {error.strip()}")
    show(printed)


def show_walk(program):
    """The same as any console reads it."""
    for name in ("emailMonName", "emailMonOperStatus", "emailMonProof", "emailMonFailureText"):
        show(f"$ snmpbulkwalk -v2c -c public -OQsU {program.master.address} EMAIL-MONITOR-MIB::{name}")
        show(program.master.tool("snmpbulkwalk", "-OQsU", "EMAIL-MONITOR-MIB::" + name))


def show_trap(program, kind, name):
    """Wait for a row's newest notification, and show it by name."""
    before = len(program.traps(kind))
    wait = time.monotonic() + 10 * INTERVAL_S
    while True:
        fresh = [trap for trap in program.traps(kind)[before:] if trap["emailMonName"] == name]
        if fresh:
            break
        if time.monotonic() > wait:
            raise LabError(f"no {kind} about {name} arrived")
        time.sleep(0.1)
    show("\n".join(f"{variable} = {value}" for variable, value in fresh[-1].items()))


def settled(table):
    return all(verdict(row) == ("up", "roundTrip") if name in WORKING else verdict(row)[0] == "down"
               for name, row in table.items())


def play(program):
    say("Each monitor now sends a mail, and at its next poll looks for it in the mailbox.")
    program.wait_table(settled, 12 * INTERVAL_S, "three monitors up and two down")
    say("Mail gets through for three; the other two are down, and the table says why.")
    show_status(program)
    say("A console reads the same from snmpd, by name.")
    show_walk(program)
    say("Now the server with the mailbox of branch is stopped.  Its notification arrives at snmptrapd:")
    dovecot.stop(STOPPED)
    show_trap(program, "emailMonDown", "branch")
    show_status(program, branch="down")
    say("The server is started again.")
    dovecot.start(STOPPED)
    show_trap(program, "emailMonUp", "branch")
    show_status(program)


def demo():
    if not root.is_built():
        say("Building a private root with Postfix, Dovecot and snmpd: about half a minute, only once.")
        root.build()
    say("Starting real mail servers, in that root and on loopback ports above 20000.")
    with lab.running():
        for user in ("u1", "u2", "u3", "u4", "u5"):
            mailbox.put_foreign(user, 5)
        say("Starting snmpd, snmptrapd and emailmon with five monitors:")
        rows = [dict(row, interval=INTERVAL_S, description=text) for _, text, row in MONITORS]
        show("\n".join(f"{name:15} {text}" for name, text, _ in MONITORS))
        with Master() as master, Emailmon(rows, master) as program:
            play(program)
            say("That was it.  Stopping everything that was started.")
    say("Done; nothing of it is left but the cached private root below build/lab (./dev clean all removes it).")


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        root.need_root()
        demo()
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print("\ndemo: interrupted; everything that it started is stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
