"""What the package puts where, and what becomes of it: installed, upgraded, removed, purged."""

import os
import stat

import machine
import processes
import service
from console import Console
from places import in_root, wait_for

FILE = "/etc/emailmon/emailmon.yaml"
STATE = "/var/lib/emailmon"
UNIT = "/lib/systemd/system/emailmon.service"
INSTALLED = [
    "/usr/bin/emailmon", "/usr/share/snmp/mibs/EMAIL-MONITOR-MIB.txt", FILE, "/etc/snmp/snmpd.conf.d/emailmon.conf", UNIT,
    "/usr/lib/sysusers.d/emailmon.conf", "/usr/lib/tmpfiles.d/emailmon.conf", "/usr/share/man/man1/emailmon.1.gz",
    "/usr/share/man/man5/emailmon.yaml.5.gz", "/usr/share/bash-completion/completions/emailmon",
    "/usr/share/emailmon/consoles", "/usr/share/doc/emailmon/copyright", "/usr/share/doc/emailmon/README.Debian",
]


def owner_and_mode(path):
    """As the machine's own users and groups are called."""
    return processes.run("stat", "-c", "%U:%G %a", path).strip()


def test_files():
    """Every file is where Debian looks for it, what passwords may be in is closed, and the version is the program's"""
    machine.has_it()
    listed = processes.run("dpkg", "-L", "emailmon").splitlines()
    assert not [path for path in INSTALLED if path not in listed], listed
    assert owner_and_mode("/etc/emailmon") == "root:emailmon 750"
    assert owner_and_mode(FILE) == "root:emailmon 640"
    assert owner_and_mode("/var/agentx") == "root:root 711"
    assert not processes.run("dpkg", "--verify", "emailmon")
    assert processes.run("emailmon", "version") == processes.run("dpkg-query", "-W", "-f", "emailmon ${Version}\n", "emailmon")


def test_unit():
    """systemd finds nothing wrong with the unit, and the unit is enabled"""
    machine.has_it()
    said = processes.run("systemd-analyze", "verify", "--man=no", "--no-pager", UNIT, SYSTEMD_COLORS="0")
    assert said == "", said
    assert service.is_enabled("emailmon")


def test_as_installed():
    """As it is installed emailmon serves an empty table, also when snmpd comes later"""
    machine.has_it()
    service.start("emailmon")
    with Console() as console:
        wait_for(lambda: "no AgentX master" in service.log("emailmon"), 10, "emailmon to miss snmpd")
        service.start("snmpd")
        wait_for(console.answers, 10, "snmpd")
        wait_for(lambda: "emailMonRows.0 = 0" in console.walk(options=("-OQsU",)), 20, "an empty table")
        service.stop("snmpd")
        service.stop("emailmon")


# --- the shell ---

COMPLETE = """
. /usr/share/bash-completion/bash_completion
. /usr/share/bash-completion/completions/emailmon
COMP_LINE=$1 COMP_POINT=${#1}
eval "COMP_WORDS=($1)"
[[ $1 != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_emailmon emailmon "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
for word in "${COMPREPLY[@]}"; do echo "$word"; done
"""
MONITORS = """state: /tmp/state.db
monitors:
  - {name: office, smtp: &out {server: a.test, to: a@a.test, from: a@a.test}, incoming: &in {server: a.test, username: a}}
  - {name: branch office, enabled: false, smtp: *out, incoming: *in}
"""


def completed(line):
    """What Tab offers behind a line."""
    return processes.run("bash", "-c", COMPLETE, "bash", line).split("\n")[:-1]


def test_completion():
    """bash completes commands, options, files and the names of monitors"""
    machine.has_it()
    with open(in_root("/tmp/some.yaml"), "w", encoding="utf-8") as file:
        file.write(MONITORS)
    machine.shell("timeout 2 emailmon run -c /tmp/some.yaml || [ $? = 124 ]")      # now a state knows the names
    assert {"run", "check", "test", "status", "mib", "version"} <= set(completed("emailmon "))
    assert completed("emailmon che") == ["check"]
    assert completed("emailmon test ") == ["-c", "--trace"]
    assert completed("emailmon status -c /tmp/some.yaml --j") == ["--json"]
    assert completed("emailmon check -c /tmp/so") == ["/tmp/some.yaml"]
    assert FILE in completed("emailmon check -c ")
    assert completed("emailmon test -c /tmp/some.yaml of") == ["office"]
    assert set(completed("emailmon status -c /tmp/some.yaml ")) == {"office", "branch\\ office"}
    assert completed("emailmon doctor -c /tmp/some.yaml --snmpd-") == ["--snmpd-conf"]
    assert completed("emailmon doctor --as emailm") == ["emailmon"]
    assert completed("emailmon mib ") == []


# --- the administrator's own ---

def test_life():
    """An upgrade keeps what the administrator changed, removing keeps what is his, purging leaves nothing of the
    package, and each may be done again"""
    machine.begin_anew()
    machine.install("--no-install-recommends")
    outside = in_root(FILE)
    with open(outside, "a", encoding="utf-8") as file:
        file.write("# mine\n")
    os.chmod(outside, 0o600)
    os.makedirs(in_root(STATE))
    for _ in range(2):
        machine.install("--reinstall")
        with open(outside, encoding="utf-8") as file:
            assert file.read().endswith("# mine\n")
        assert stat.S_IMODE(os.stat(outside).st_mode) == 0o600
    processes.run("dpkg", "--remove", "emailmon")
    assert os.path.exists(outside) and os.path.isdir(in_root(STATE)) and not os.path.exists(in_root(UNIT))
    machine.install("--no-install-recommends")
    assert stat.S_IMODE(os.stat(outside).st_mode) == 0o600
    for _ in range(2):
        processes.run("dpkg", "--purge", "emailmon")
        for path in (FILE, STATE, "/etc/emailmon", "/etc/snmp/snmpd.conf.d/emailmon.conf"):
            assert not os.path.exists(in_root(path)), path
    assert "emailmon:" in processes.run("getent", "passwd", "emailmon")
    machine.install("--no-install-recommends")
    assert owner_and_mode(FILE) == "root:emailmon 640"
