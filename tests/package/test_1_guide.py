"""The way in: what README.Debian says, on a machine that had nothing of emailmon before."""

import re

import fake
import guide
import machine
import service
from console import Console
from places import in_root, wait_for

# What somebody writes who has the fake server for a mail server: (leg, key) of the file, and the value.
OURS = {
    (None, "interval"): "1s", (None, "device"): fake.HOST,
    ("smtp", "security"): "none", ("smtp", "auth"): "false",
    ("incoming", "security"): "none", ("incoming", "plaintext_auth"): "true",
}
SECRET_FILE, SECRET = "password_file: /etc/emailmon/probe.secret", "password: anything"
FIRST, NEXT = "# - name: office", "# - name: branch"


def edit(path, ports):
    """Take the "# " off the lines of the first monitor, and write what is ours."""
    values = {**OURS, ("smtp", "port"): ports["smtp"], ("incoming", "port"): ports["imap"]}
    with open(in_root(path), encoding="utf-8") as file:
        before = file.read()
    with open(in_root(path), "w", encoding="utf-8") as file:
        file.writelines(edited(before.splitlines(keepends=True), values))


def edited(lines, values):
    leg, ours = None, False
    for line in lines:
        ours = line.startswith(FIRST) or ours and not line.startswith(NEXT)
        if ours and line.startswith("# "):
            line = line[2:].replace(SECRET_FILE, SECRET)
        key = line.partition(":")[0].strip(" -")
        if key in ("smtp", "incoming"):
            leg = key
        elif key in ("defaults", "name"):
            leg = None
        if not line.lstrip().startswith("#") and (leg, key) in values:
            line = re.sub(r": [^#\n]*?(?= *(#|$))", f": {values[leg, key]}", line, count=1)
        yield line


def services_as_apt_leaves_them():
    """emailmon runs, and snmpd knows of it: with systemd, the package's scripts do that."""
    assert service.is_enabled("emailmon")
    service.start("emailmon")
    service.restart("snmpd")


def test_guide():
    """What README.Debian says, done to the word where snmpd runs already, gives a row in snmpwalk and notifications in
    snmptrapd"""
    machine.begin_anew()
    machine.apt("install", "snmpd", "snmptrapd")
    service.start("snmpd")
    with fake.serving() as server, Console() as console:
        told = {}
        for line in guide.commands():
            if line.startswith("snmpwalk"):
                # As fast as we type nobody does: the file is read and snmpd is told meanwhile.
                wait_for(lambda line=line: "office" in guide.follow(line, None), 10, "the row in snmpwalk")
            else:
                told[line.partition(" -c ")[0]] = guide.follow(line, lambda path: edit(path, server.ports))
            if line.startswith("apt install"):
                services_as_apt_leaves_them()
        assert told["emailmon check"] == "/etc/emailmon/emailmon.yaml: 1 monitor, no mistake\n", told["emailmon check"]
        assert "\nup: " in told["emailmon test"], told["emailmon test"]
        assert told["emailmon doctor"].startswith("Judged as the user emailmon\n"), told["emailmon doctor"]
        assert "\nAll is well.\n" in told["emailmon doctor"], told["emailmon doctor"]
        wait_for(lambda: console.column("emailMonProof") == {1: "roundTrip"}, 10, "a round trip")
        server.stop()
        wait_for(lambda: [trap["emailMonName"] for trap in console.traps() if trap["snmpTrapOID"] == "emailMonDown"]
                 == ["office"], 10, "a trap")


def test_readme():
    """README.md tells commands of README.Debian, in the same order"""
    shown, told = guide.shown_in_readme(), iter(guide.commands())
    assert shown and all(line in told for line in shown), shown
