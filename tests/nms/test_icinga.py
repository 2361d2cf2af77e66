"""Icinga 2 and Nagios: services are checked with check_snmp, and hear of notifications by emailmon-trap."""

import base64
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.parse
import urllib.request

import apart
import processes
import snmp
import traps
import world
from check_files import console
from places import LabError, in_root, wait_for, write
from service import Service

PACKAGES = ["icinga2-bin", "nagios4-core", "monitoring-plugins-standard", "snmp", "python3"]
HOST = "mail-watch"
API = ("localhost", 29665)
PASSWORD = "a long one"
NAGIOS_LOG, NAGIOS_PIPE = "/var/log/nagios4/nagios.log", "/var/lib/nagios4/rw/nagios.cmd"
OK, WARNING, CRITICAL, UNKNOWN = range(4)
DOWN = 1                                                    # emailMonDown
BRANCH = "mail " + world.FRAGILE
TRAPD = """authCommunity log,execute public
outputOption n
traphandle {root}.0.* {handler}
"""


@contextlib.contextmanager
def running():
    """Icinga 2 looks into /proc."""
    apart.mounts()
    apart.mount_proc(in_root("/proc"))
    try:
        yield
    finally:
        apart.unmount(in_root("/proc"))


def from_page(words):
    """The sed of README.md that makes such lines."""
    scripts = re.findall(r"sed -E '(.*)'$", console("icinga/README.md"), re.MULTILINE)
    return next(script for script in scripts if words in script)


def rows_as(what, script):
    """What the page's command prints of this World's rows."""
    names = [snmp.SUBTREE + ".1.2.1.2"]
    walked = snmp.ask("snmpbulkwalk", what.master.address, snmp.V2C, "-Oqn", "-m", "", names).stdout
    return subprocess.run(["sed", "-E", script], input=walked, capture_output=True, text=True, check=True).stdout


def install_trap_handler():
    write("/usr/local/sbin/emailmon-trap", console("icinga/emailmon-trap"), 0o755)


def handled_by(*arguments):
    """A snmptrapd that gives emailmon's notifications to emailmon-trap."""
    install_trap_handler()
    handler = " ".join(["/usr/local/sbin/emailmon-trap", "--host", HOST, *arguments])
    return traps.receiver(TRAPD.format(root=snmp.SUBTREE, handler=handler), "Debian-snmp")


# --- Icinga 2 ---

ICINGA_HOST = """object Host "{host}" {{
  import "generic-host"
  address = "{ip}"
  vars.snmp_port = {port}
{rows}}}
"""
ICINGA_API = """object ApiListener "api" {
  bind_host = "127.0.0.1"
  bind_port = %d
  ticket_salt = TicketSalt
}
"""
API_USERS = """object ApiUser "emailmon" {
  password = "%s"
  permissions = [ {
    permission = "actions/process-check-result"
    filter = {{ host.vars.emailmon }}
  } ]
}
object ApiUser "lab" {
  password = "lab"
  permissions = [ "*" ]
}
"""


def ask_icinga(path, **body):
    trust = ssl.create_default_context(cafile=in_root("/var/lib/icinga2/certs/ca.crt"))
    login = {"Accept": "application/json", "Authorization": "Basic " + base64.b64encode(b"lab:lab").decode()}
    asked = json.dumps(body).encode() if body else None
    request = urllib.request.Request("https://%s:%d/v1/" % API + path, asked, login)
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
        return json.load(answer)["results"]


def answers():
    try:
        return bool(ask_icinga("status/IcingaApplication"))
    except OSError:
        return False


def service(name):
    """(state, output, by whom) of a service's last result."""
    found = ask_icinga("objects/services/" + urllib.parse.quote(f"{HOST}!{name}"))[0]["attrs"]
    last = found["last_check_result"] or {"output": "", "check_source": ""}
    return int(found["state"]), last["output"], last["check_source"]


def check(name):
    """Have a service checked now."""
    ask_icinga("actions/reschedule-check", type="Service", force=True, filter="service.name == name",
               filter_vars={"name": name})


def wait_checked(name, state, words=""):
    """Have it checked until it has this state, and these words are in what it says."""
    def holds():
        check(name)
        now = service(name)
        return now[0] == state and words in now[1]
    try:
        wait_for(holds, 20, f"{name} to be {state}: {words}")
    except LabError as error:
        raise LabError(f"{error}; it is {service(name)}") from None


def configure_icinga(what):
    ip, port = what.master.address.split(":")
    processes.run("icinga2", "api", "setup", "--cn", API[0])
    write("/etc/icinga2/features-available/api.conf", ICINGA_API % API[1])
    write("/etc/icinga2/conf.d/api-users.conf", API_USERS % PASSWORD)
    write("/etc/icinga2/conf.d/emailmon.conf", console("icinga/emailmon.conf"))
    rows = rows_as(what, from_page("vars.emailmon"))
    write("/etc/icinga2/conf.d/mail-watch.conf", ICINGA_HOST.format(host=HOST, ip=ip, port=port, rows=rows))
    shutil.copy(in_root("/var/lib/icinga2/certs/ca.crt"), in_root("/etc/snmp/icinga-ca.crt"))
    write("/etc/snmp/icinga-login", f"emailmon:{PASSWORD}\n")
    processes.run("/usr/lib/icinga2/prepare-dirs", "/usr/lib/icinga2/icinga2")
    processes.run("icinga2", "daemon", "-C")


@contextlib.contextmanager
def icinga():
    """A World, and an Icinga 2 that has its rows as services."""
    with world.watching(traps_to=traps.ADDRESS) as what:
        configure_icinga(what)
        with Service("icinga2", ["/usr/sbin/icinga2", "daemon"], answers):
            yield what


def test_icinga_checks_rows():
    """Icinga's check of a row is critical with the failure's text while it is down, and OK again when it is up"""
    with icinga() as what:
        wait_checked(BRANCH, OK)
        wait_checked("certificates " + world.STEADY, OK, "smtp 89")
        wait_checked("certificates " + world.FRAGILE, OK, "2147483647")
        wait_checked("emailmon rows", OK)
        what.break_branch()
        what.wait_verdict(world.FRAGILE, "down")
        wait_checked(BRANCH, CRITICAL, "the connection was refused")
        wait_checked("emailmon rows", CRITICAL)
        what.mend_branch()
        what.wait_verdict(world.FRAGILE, "up")
        wait_checked(BRANCH, OK)


def test_icinga_checks_emailmon_itself():
    """An alarm and a row that is unknown are warnings of Icinga's; of an emailmon that is gone nothing is known"""
    with icinga() as what:
        wait_checked("emailmon alarms", OK)
        wait_checked("emailmon dropped", OK, "dropped 0")
        what.lose_a_password()
        wait_checked("emailmon alarms", WARNING, "WARNING")
        what.wait_verdict("keyless", "unknown")
        wait_checked("emailmon rows", WARNING)
        what.program.stop()
        wait_checked(BRANCH, UNKNOWN, "No Such Object")


def told_by_api():
    return handled_by("--api", "https://%s:%d" % API, "--ca", "/etc/snmp/icinga-ca.crt", "--login",
                      "/etc/snmp/icinga-login")


def test_icinga_hears_of_notifications():
    """A Down and an Up reach Icinga's service by the trap, without a check"""
    with icinga() as what, told_by_api():
        wait_checked(BRANCH, OK)
        what.break_branch()
        told = wait_for(lambda: service(BRANCH)[2] == "emailmon-trap" and service(BRANCH), 20, "the Down in Icinga")
        assert told[0] == CRITICAL and "down: smtp: connecting: the connection was refused" in told[1], told
        what.mend_branch()
        wait_for(lambda: service(BRANCH) == (OK, "up", "emailmon-trap"), 20, "the Up in Icinga")


def test_icinga_hears_what_a_server_said():
    """A mail server's words are text on the way from snmptrapd to Icinga, whatever they are"""
    with icinga() as what, told_by_api():
        name, text = f"2.1.2.{what.index(world.FRAGILE)}", f"3.1.9.{what.index(world.FRAGILE)}"
        traps.send(DOWN, (name, "s", world.FRAGILE), (text, "s", 'say "$(touch /tmp/owned)" \\ `id`; | x'))
        wait_for(lambda: service(BRANCH)[1].startswith("down: say"), 20, "the notification in Icinga")
        assert service(BRANCH)[1] == 'down: say "$(touch /tmp/owned)" \\ `id`; / x', service(BRANCH)
        assert not os.path.exists(in_root("/tmp/owned"))


# --- Nagios ---

def configure_nagios(what):
    ip, port = what.master.address.split(":")
    ours = console("icinga/emailmon-nagios.cfg").replace("192.0.2.1", ip).replace("-P 2c", f"-p {port} -P 2c")
    write("/etc/nagios4/conf.d/emailmon.cfg", ours + rows_as(what, from_page("define service")))
    for folder in "/var/log/nagios4", "/run/nagios4":
        processes.run("install", "-d", "-o", "nagios", "-g", "nagios", folder)
    processes.run("chmod", "2710", "/var/lib/nagios4/rw")                  # as README.md says
    processes.run("chmod", "751", "/var/lib/nagios4")
    processes.run("adduser", "Debian-snmp", "www-data")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(in_root("/var/lib/nagios4/retention.dat"))                # what an earlier Nagios remembers
    processes.run("nagios4", "-v", "/etc/nagios4/nagios.cfg")


def nagios_alerts(*words):
    """The lines in which Nagios' log says that the service of `branch` has changed, with all of these words."""
    with open(in_root(NAGIOS_LOG), encoding="utf-8", errors="replace") as log:
        return [line for line in log if f"SERVICE ALERT: {HOST};{BRANCH};" in line and all(w in line for w in words)]


def nagios_checks(name):
    with open(in_root(NAGIOS_PIPE), "w", encoding="ascii") as pipe:
        pipe.write(f"[0] SCHEDULE_FORCED_SVC_CHECK;{HOST};{name};0\n")


def test_nagios_checks_rows_and_hears_of_notifications():
    """Nagios takes the file; its service goes critical by a trap or by its check, and back"""
    with world.watching(traps_to=traps.ADDRESS) as what:
        configure_nagios(what)
        with Service("nagios", ["/usr/sbin/nagios4", "/etc/nagios4/nagios.cfg"],
                     lambda: os.path.exists(in_root(NAGIOS_PIPE)), "nagios"):
            with handled_by("--pipe", NAGIOS_PIPE):
                what.break_branch()
                wait_for(lambda: nagios_alerts("CRITICAL;HARD", "down: smtp"), 20, "the Down")
                what.mend_branch()
                wait_for(lambda: nagios_alerts("OK;HARD"), 20, "the Up")
            what.break_branch()
            what.wait_verdict(world.FRAGILE, "down")
            nagios_checks(BRANCH)
            wait_for(lambda: nagios_alerts("SNMP CRITICAL - status *2*", "refused"), 20, "the check")
