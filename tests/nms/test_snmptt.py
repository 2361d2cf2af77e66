"""SNMPTT: what it logs of emailmon's notifications, and which monitors are not up by its log."""

import contextlib
import os
import re
import subprocess

import processes
import traps
import world
from check_files import FOLDER, console
from places import in_root, wait_for, write
from service import Service

PACKAGES = ["snmptt"]
INI, CONF = "/etc/snmp/snmptt.ini", "/etc/snmp/emailmon.snmptt.conf"
SPOOL, LOG = "/var/spool/snmptt", "/var/log/snmptt/snmptt.log"
UP, UNKNOWN, CERTIFICATE = 2, 3, 4                          # emailMonUp, emailMonUnknown, emailMonCertExpiring
NONE_SEEN = "2147483647"


def settings():
    """Debian's snmptt.ini with what README.md wants changed; and in the foreground, and quick."""
    with open(in_root(INI), encoding="utf-8") as file:
        ini = file.read()
    for key, value in ("mode", "daemon"), ("ipv6_enable", "0"), ("daemon_fork", "0"), ("sleep", "1"), \
            ("syslog_enable", "0"), ("syslog_system_enable", "0"):
        ini, changed = re.subn(rf"^{key} = .*$", f"{key} = {value}", ini, flags=re.MULTILINE)
        assert changed == 1, key
    return re.sub(r"(snmptt_conf_files = <<END\n).*?\nEND", rf"\g<1>{CONF}\nEND", ini, flags=re.DOTALL)


@contextlib.contextmanager
def translating():
    """snmptrapd and SNMPTT with the files of config/consoles."""
    write(INI, settings())
    write(CONF, console("snmptt/emailmon.snmptt.conf"))
    write(LOG, "", 0o666)
    processes.run("adduser", "Debian-snmp", "snmptt")       # as README.md says: snmptrapd fills the spool
    processes.run("chmod", "g+w", SPOOL)
    with Service("snmptt", ["/usr/sbin/snmptt", "--daemon"], lambda: True), \
            traps.receiver(console("snmptt/snmptrapd.conf"), "Debian-snmp"):
        yield


def logged(*words):
    """The lines of SNMPTT's log that hold all of these."""
    with open(in_root(LOG), encoding="utf-8") as log:
        return [line.rstrip("\n") for line in log if all(word in line for word in words)]


def wait_line(*words):
    return wait_for(lambda: logged(*words), 20, f"a line of SNMPTT with {words}")[-1]


def not_up():
    """What emailmon-open says."""
    return subprocess.run([os.path.join(FOLDER, "snmptt", "emailmon-open"), in_root(LOG)], capture_output=True,
                          text=True, check=True).stdout.splitlines()


def test_down_and_up_are_logged():
    """A Down is logged as critical with where and why, an Up as normal, and ends it by its name"""
    with translating(), world.watching(traps_to=traps.ADDRESS) as what:
        what.break_branch()
        line = wait_line("Critical", f'monitor "{world.FRAGILE}" is down: ')
        assert "the connection was refused" in line and re.search(r"\[event \d+\]$", line), line
        assert not_up() == [line], not_up()
        what.mend_branch()
        wait_line("Normal", f'monitor "{world.FRAGILE}" is up')
        assert not_up() == []


def verdict(kind, name, text):
    """A verdict's notification for row 1: the variables that SNMPTT's lines show, and those between them."""
    traps.send(kind, ("4.1.2.7", "u", "7"), ("2.1.2.1", "s", name), ("2.1.4.1", "s", ""),
               *[(column, "i", "1") for column in ("3.1.1.1", "3.1.2.1", "3.1.40.1", "3.1.7.1", "3.1.8.1")],
               ("3.1.9.1", "s", text))


def test_unknown_is_logged():
    """A monitor that became unknown is a warning, until it is up"""
    name = "what is up with it"
    with translating():
        verdict(UNKNOWN, name, "local: no password")
        line = wait_line(" Warning ", "is unknown: local: no password")
        assert f'monitor "{name}" is unknown' in line and not_up() == [line], (line, not_up())
        verdict(UP, name, "")
        wait_line(" Normal ", "is up [event 7]")
        assert not_up() == []


def certificate(smtp, incoming):
    """A certificate's notification for `office`."""
    traps.send(CERTIFICATE, ("4.1.2.7", "u", "7"), ("2.1.2.1", "s", "office"), ("2.1.4.1", "s", "192.0.2.1"),
               ("3.1.38.1", "i", smtp), ("3.1.39.1", "i", incoming))


def test_certificates_are_logged():
    """A certificate that ends soon is a warning, one that has expired is critical, one that is not there is none"""
    with translating():
        certificate("13", NONE_SEEN)
        line = wait_line("smtp 13 days, incoming none")
        assert " Warning " in line and "ends soon" in line, line
        certificate(NONE_SEEN, "-1")
        line = wait_line("smtp none, incoming -1 days")
        assert " Critical " in line and "expired" in line, line
        assert len(logged("office")) == 2, "each notification once"
