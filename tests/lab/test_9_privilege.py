"""Least privilege: the unit of systemd says little, and emailmon works with no more than that."""

import contextlib
import errno
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

import mailbox
import users
from emailmon import PROGRAM, Emailmon, monitor, verdict
from places import DIR, TREE, LabError, wait_for
from snmp import Master

HERE = os.path.dirname(os.path.abspath(__file__))
INSTALLED = os.path.join(DIR, "installed")
PREFIX = "/usr/local"
UNIT = PREFIX + "/lib/systemd/system/emailmon.service"
EXPOSURE_MAX = 1.5
USER = 64321                    # nobody's number
MASTER = 50
ROW = 7                         # of the one made by SET


def installed(path):
    return INSTALLED + path


def install():
    """`cmake --install`, below a folder of the lab."""
    shutil.rmtree(INSTALLED, ignore_errors=True)
    subprocess.run(["cmake", "--install", os.path.join(TREE, "build", "release")], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": INSTALLED})


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments, "--no-pager"], capture_output=True, text=True, check=False,
                          env={**os.environ, "SYSTEMD_COLORS": "0"})
    return done.returncode, done.stdout + done.stderr


def test_unit():
    """The installed unit is right to the word, exposes at most 1.5 by systemd's own measure, and its user is made"""
    install()
    with open(installed(UNIT), encoding="utf-8") as unit:
        text = unit.read().replace(f"ExecStart={PREFIX}", f"ExecStart={installed(PREFIX)}")
    local = os.path.join(INSTALLED, "emailmon.service")     # its program is where it is now
    with open(local, "w", encoding="utf-8") as unit:
        unit.write(text)
    verified = analyze("verify", "--man=no", local)         # the manual is installed, but not where man looks
    assert verified == (0, ""), verified[1]
    code, said = analyze("security", "--offline=yes", f"--threshold={EXPOSURE_MAX * 10:.0f}", installed(UNIT))
    figure = re.search(r"Overall exposure level for emailmon.service: ([0-9.]+)", said)
    assert code == 0 and figure and float(figure.group(1)) <= EXPOSURE_MAX, said[-200:]
    print(f"    exposure {figure.group(1)}")
    os.makedirs(installed("/etc"), exist_ok=True)
    for command in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        subprocess.run([*command, f"--root={INSTALLED}", "emailmon.conf"], check=True, capture_output=True)
    with open(installed("/etc/passwd"), encoding="ascii") as passwd:
        group = int(next(line for line in passwd if line.startswith("emailmon:")).split(":")[3])
    folder = os.stat(installed("/etc/emailmon"))
    assert (folder.st_uid, folder.st_gid, stat.S_IMODE(folder.st_mode)) == (0, group, 0o750), folder


# --- the program, confined ---

# What a program that was taken over might try, in Python, and how that ends: killed by the filter, or refused.
FORBIDDEN = {
    "a raw socket": ("import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", -signal.SIGSYS),
    "a netlink socket": ("import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", -signal.SIGSYS),
    "a namespace": ("import ctypes; ctypes.CDLL(None).unshare(0x10000000)", -signal.SIGSYS),
    "memory to write and execute": ("import mmap; mmap.mmap(-1, 4096, prot=7)", -signal.SIGSYS),
    "to trace another": ("import ctypes; ctypes.CDLL(None).ptrace(16, 1, 0, 0)", -signal.SIGSYS),
    "to mount": ("import ctypes; ctypes.CDLL(None).mount(b'none', b'/mnt', b'tmpfs', 0, None)", -signal.SIGSYS),
    "to become root": ("import os; os.setuid(0)", -signal.SIGSYS),
    "to write elsewhere": ("import errno, os\ntry: open('/var/tmp/emailmon-lab', 'w')\n"
                           "except OSError as e: os._exit(e.errno)", errno.EROFS),
    "to see others": ("import os; os._exit(len([p for p in os.listdir('/proc') if p.isdigit()]))", 1),
}


def confined_command(state):
    return [sys.executable, os.path.join(HERE, "confine.py"), installed(UNIT), str(USER), state]


def test_confinement_bites():
    """The restrictions that the next test sets are there: what a program that was taken over might try ends it"""
    check_reachable(PROGRAM)
    install()
    state = os.path.join(INSTALLED, "state")
    os.mkdir(state)
    for what, (deed, end) in FORBIDDEN.items():
        done = subprocess.run([*confined_command(state), "/usr/bin/python3", "-c", deed], capture_output=True,
                              text=True, check=False)
        assert done.returncode == end, f"{what}: ends with {done.returncode}: {done.stderr[-200:]}"


def check_reachable(path):
    """Another user must get at the program; a tree in a closed home is none of its business."""
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            raise LabError(f"{path} is closed to other users: run these tests from a tree that they can enter")
        path = os.path.dirname(path)


class Confined(Emailmon):
    """An emailmon in the hands of its unit: it reads its file and its folder of passwords, and writes its state."""

    def __init__(self, rows, master, **settings):
        super().__init__(rows, master, **settings)
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)
        os.chown(self.state, USER, USER)
        self.settings["state"] = os.path.join(self.state, "state.db")
        self.command = [*confined_command(self.state), PROGRAM]
        self.service = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.service.bind(b"\0emailmon-lab-%d" % os.getpid())
        self.service.settimeout(5)
        self.environment = {"NOTIFY_SOCKET": f"@emailmon-lab-{os.getpid()}", "PATH": "/usr/bin:/bin"}
        self.write()

    def write(self):
        super().write()
        os.chown(self.file, 0, USER)
        os.chmod(self.file, 0o640)

    def told(self):
        return self.service.recv(100).decode()

    def status_of_process(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return {name: value.split() for name, value in (line.split(":", 1) for line in status)}


def put_secret(folder, name, password):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o640), "w", encoding="utf-8") as secret:
        secret.write(password + "\n")
    os.chown(path, 0, USER)
    return path


def check_powerless(program):
    said = program.status_of_process()
    assert set(said["Uid"]) == set(said["Gid"]) == {str(USER)} and not said["Groups"], said
    assert {int(said[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}, said
    assert said["NoNewPrivs"] == ["1"] and said["Seccomp"] == ["2"], said
    with open(f"/proc/{program.process.pid}/limits", encoding="ascii") as limits:
        assert re.search(r"^Max core file size +0 +0 ", limits.read(), re.MULTILINE)
    with open(f"/proc/{program.process.pid}/maps", encoding="utf-8") as maps:
        assert not [line for line in maps if "wx" in line.split()[1]]


def check_state(program, name):
    """Its own, and closed to others."""
    for file in os.listdir(program.state):
        found = os.stat(os.path.join(program.state, file))
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (USER, 0o600), f"{file} of {name}: {oct(found.st_mode)}"


def make_row(master):
    password = users.passwords()["u3"]
    door = monitor("by SET", "u3", incoming="imap/tls/plain")["incoming"]
    prefix = "EMAIL-MONITOR-MIB::emailMon"
    values = [("Name", "s", "by SET"), ("SmtpServer", "s", "plain.lab.test"), ("SmtpPort", "u", "21000"),
              ("SmtpTo", "s", users.address("u3")), ("SmtpFrom", "s", "emailmon@lab.test"),
              ("InServer", "s", door["server"]), ("InPort", "u", str(door["port"])), ("InSecurity", "i", "tls"),
              ("InUsername", "s", "u3"), ("InPassword", "s", password), ("Interval", "u", "1"),
              ("RowStatus", "i", "createAndGo")]
    words = [word for name, kind, value in values for word in (f"{prefix}{name}.{ROW}", kind, value)]
    master.tool("snmpset", *words)


def test_confined():
    """As a user of its own, without capabilities, under the unit's filter of system calls and on a file system of
    which it can write nothing but its state, it polls, is asked, reloads, runs a password command, keeps a SET over a
    restart, and ends well"""
    check_reachable(PROGRAM)
    install()
    for user in ("u1", "u2", "u3"):
        mailbox.clear(user)
    rows = [monitor("file", "u1", "smtp/tls/plain", "imap/tls/scram-sha-256"),
            monitor("command", "u2", "smtp/starttls/cram-md5", "pop3/tls/plain")]
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(Master(MASTER, f"agentXPerms 0660 0711 0 {USER}\n"))
        program = Confined(rows, master)
        stack.callback(program.service.close)
        for row, user in zip(program.rows, ("u1", "u2")):
            secret = put_secret(program.folder, user, users.passwords()[user])
            for part in ("smtp", "incoming"):
                del row[part]["password"]
                row[part].update({"password_file": secret} if user == "u1" else
                                 {"password_command": ["sh", "-c", f"cat {secret}"]})
        program.write()
        stack.enter_context(program)
        assert program.told() == "READY=1"
        check_powerless(program)
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip"), 20, "both rows up by a round trip")
        loaded = master.get("EMAIL-MONITOR-MIB::emailMonConfigLoaded.0")
        program.rows[0]["interval"] = 2
        program.reload()
        assert program.told().startswith("RELOADING=1\nMONOTONIC_USEC=") and program.told() == "READY=1"
        wait_for(lambda: master.get("EMAIL-MONITOR-MIB::emailMonConfigLoaded.0") != loaded, 5, "the file read again")
        make_row(master)
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip"), 20, "all rows up after the reload")
        check_state(program, "the first run")
        program.stop()
        assert program.told() == "STOPPING=1"
        program.rows.append("made by SET")        # one more to wait for
        program.start()
        program.rows.pop()
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip"), 20, "all rows up again")
        assert set(master.column("emailMonName").values()) == {"file", "command", "by SET"}
