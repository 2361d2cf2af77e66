"""SNMP: masters (snmpd) and trap receivers (snmptrapd) in the private root, and the tools that ask them.

A `Master` is one snmpd and one snmptrapd.  Each emailmon of a test has a master of its own, because two subagents
cannot serve the same subtree of one.
"""

import os
import re
import shutil
import subprocess

import places
import processes
from listeners import PLAIN_IP, SNMP
from places import MIBS, TREE, LabError, in_root, wait_for, write

COMMUNITY = "public"
USER, AUTH_PASSWORD, PRIVACY_PASSWORD = "manager", "lab-auth-password", "lab-privacy-password"
V1 = ["-v1", "-c", COMMUNITY]
V2C = ["-v2c", "-c", COMMUNITY]
V3 = ["-v3", "-l", "authPriv", "-u", USER, "-a", "SHA-256", "-A", AUTH_PASSWORD, "-x", "AES", "-X", PRIVACY_PASSWORD]

SUBTREE = ".1.3.6.1.4.1.8072.9999.9999.2525"
MIB_FOLDERS = [MIBS, os.path.join(TREE, "mib")]
MODULES = "SNMPv2-MIB:EMAIL-MONITOR-MIB"
ROOT_MIBS = "/etc/lab/mibs"
SOCKET_NAME_MAX = 107       # of a unix socket, in octets

SNMPD = """# made by the lab
master agentx
agentXSocket unix:{socket}
agentXPerms 0777 0755
agentXTimeout 5
agentXRetries 1
maxGetbulkResponses 2000
sysLocation emailmon lab
rwcommunity {community}
createUser {user} SHA-256 "{auth}" AES "{privacy}"
rwuser {user} priv
trap2sink {ip}:{traps} {community}
[snmp] persistentDir {state}
"""

SNMPTRAPD = """# made by the lab
disableAuthorization yes
doNotLogTraps no
format2 TRAP\\t%v\\n
[snmp] persistentDir {state}
"""


class Master:
    """snmpd number `number` with its trap receiver; started by `with`, ended with it.  `more`: lines of snmpd.conf;
    `without`: directives that it lacks."""

    def __init__(self, number=0, more="", without=()):
        self.number, self.more, self.without = number, more, without
        self.port = SNMP[1] + 2 * number
        self.traps_port = self.port + 1
        self.folder = f"/run/snmp-{number}"
        self.address = f"{PLAIN_IP}:{self.port}"

    @property
    def agentx(self):
        """What an emailmon outside of the private root has to be told."""
        path = in_root(self.folder + "/agentx")
        if len(path.encode()) > SOCKET_NAME_MAX:
            raise LabError(f"too long for a socket's name: {path}; set EMAILMON_LAB_DIR to a shorter folder")
        return "unix:" + path

    def __enter__(self):
        self.prepare_traps()
        os.makedirs(in_root(self.folder + "/state"))
        write(self.conf, self.configuration() + self.more)
        self.start_traps()
        self.start()
        return self

    def prepare_traps(self):
        shutil.rmtree(in_root(self.folder), ignore_errors=True)
        os.makedirs(in_root(self.folder + "/traps-state"))
        if not places.slot:                  # else it was done before the tests that run side by side
            copy_mibs()
        write(self.folder + "/snmptrapd.conf", SNMPTRAPD.format(state=self.folder + "/traps-state"))

    def __exit__(self, *_):
        processes.end([pid for pid in (self.pid(), self.traps_pid()) if pid])

    @property
    def conf(self):
        return self.folder + "/snmpd.conf"

    def configuration(self):
        lines = SNMPD.format(
            socket=self.folder + "/agentx", community=COMMUNITY, user=USER, auth=AUTH_PASSWORD,
            privacy=PRIVACY_PASSWORD, ip=PLAIN_IP, traps=self.traps_port, state=self.folder + "/state")
        return "".join(line for line in lines.splitlines(True) if line.split()[0] not in self.without)

    def start(self):
        processes.run("/usr/sbin/snmpd", "-C", "-c", self.conf, "-LF", "w",
                      self.folder + "/snmpd.log", "-p", self.folder + "/snmpd.pid", "udp:" + self.address, MIBS="")
        wait_for(self.answers, 10, f"snmpd at {self.address}")

    def start_traps(self):
        processes.run("/usr/sbin/snmptrapd", "-C", "-c", self.folder + "/snmptrapd.conf", "-Lf",
                      self.folder + "/traps.log", "-p", self.folder + "/snmptrapd.pid", "-n", "-OQU",
                      "-m", MODULES, "-M", ROOT_MIBS, f"udp:{PLAIN_IP}:{self.traps_port}")
        wait_for(self.traps_pid, 10, "snmptrapd")

    def pid(self):
        return processes.pid_from(self.folder + "/snmpd.pid")

    def traps_pid(self):
        return processes.pid_from(self.folder + "/snmptrapd.pid")

    def stop(self, **how):
        processes.end([self.pid()], **how)

    def answers(self):
        return ask("snmpget", self.address, ["-v2c", "-c", COMMUNITY], "-r0", "-t1", ["SNMPv2-MIB::sysUpTime.0"],
                   check=False).returncode == 0

    def tool(self, name, *arguments, way=V2C):
        """Run one of Net-SNMP's tools against this master; `arguments`: options first, then names.  Its output."""
        options = [a for a in arguments if a.startswith("-")]
        return ask(name, self.address, way, *options, [a for a in arguments if not a.startswith("-")]).stdout

    def get(self, *names, way=V2C):
        """{name: value} as the MIB shows them: enumerations by word, texts bare."""
        return parsed(self.tool("snmpget", "-OQU", *names, way=way))

    def column(self, name, way=V2C):
        """{index: value} of one column."""
        return by_index(self.tool("snmpbulkwalk", "-OQsU", "-Cr200", "EMAIL-MONITOR-MIB::" + name, way=way))

    def walk(self, subtree=SUBTREE, tool="snmpbulkwalk", way=V2C, options=("-OQU",)):
        return self.tool(tool, *options, subtree, way=way)

    def traps(self):
        """The notifications that arrived so far: each a dictionary of its variables by name (without instance)."""
        try:
            with open(in_root(self.folder + "/traps.log"), encoding="utf-8", errors="replace") as log:
                return [trap(line) for line in log if line.startswith("TRAP\t")]
        except FileNotFoundError:
            return []


def copy_mibs():
    """snmptrapd, in the private root, names what it gets."""
    if not os.path.isdir(MIBS):
        raise LabError(f"{MIBS} is missing: run this by ./dev, or first tests/lab/mibs.py build/mibs")
    shutil.rmtree(in_root(ROOT_MIBS), ignore_errors=True)
    os.makedirs(in_root(ROOT_MIBS))
    for folder in MIB_FOLDERS:
        for name in os.listdir(folder):
            if "-" in name:                  # a module, not something else of the tree
                shutil.copy(os.path.join(folder, name), in_root(ROOT_MIBS))


def environment():
    """For the machine's own tools: the lab's modules, no configuration of the machine."""
    return {**os.environ, "MIBDIRS": ":".join(MIB_FOLDERS), "MIBS": MODULES,
            "SNMPCONFPATH": "/nonexistent", "SNMP_PERSISTENT_DIR": in_root("/var/tmp"), "LC_ALL": "C.UTF-8"}


def ask(name, address, way, *options_then_names, check=True):
    *options, wanted = options_then_names
    done = subprocess.run([name, *way, *options, address, *wanted], capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, env=environment(), check=False, timeout=60)
    if check and done.returncode != 0:
        raise LabError(f"{name} {' '.join(wanted)}: {(done.stderr.strip() or done.stdout.strip())[-300:]}")
    return done


def parsed(output):
    """{name: value} of lines "name = value"."""
    return dict(line.split(" = ", 1) for line in output.replace(" =\n", " = \n").splitlines() if " = " in line)


def by_index(output):
    return {int(name.rpartition(".")[2]): value for name, value in parsed(output).items() if re.search(r"\.\d+$", name)}


def trap(line):
    """One line of the trap log as {variable: value}; the instance is left out of the name."""
    variables = {}
    for part in line.rstrip("\n").split("\t")[1:]:
        name, _, value = part.partition(" = ")
        variables[re.sub(r"^.*::", "", name).partition(".")[0]] = re.sub(r"^EMAIL-MONITOR-MIB::", "", value)
    return variables
