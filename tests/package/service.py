"""Services of the machine, without systemd: what their units say is done by hand.

Only what a program needs to run is followed here; that emailmon works under all of its unit's restrictions is a test of the
lab (test_9_privilege).
"""

import os
import shlex
import socket
import subprocess

import confine
import processes
from places import ROOT, LabError, in_root

FOLDERS = {"StateDirectory": "/var/lib", "RuntimeDirectory": "/run"}
READY_S = 20
running = {}                # name of a unit -> its process


def unit(name):
    return confine.read_unit(in_root(f"/lib/systemd/system/{name}.service"))


def forget():
    running.clear()


def is_enabled(name):
    return os.path.lexists(in_root(f"/etc/systemd/system/multi-user.target.wants/{name}.service"))


def do(verb, name):
    """What `systemctl VERB NAME` does."""
    {"start": start, "stop": stop, "restart": restart, "reload": reload}[verb](name)


def start(name):
    settings = unit(name)
    user, group = (settings.get(what, ["root"])[0] for what in ("User", "Group"))
    for setting, above in FOLDERS.items():
        for folder in settings.get(setting, []):
            make_folder(os.path.join(above, folder), user, group)
    command = ["chroot", f"--userspec={user}:{group}", ROOT, *shlex.split(settings["ExecStart"][0])]
    told = f"emailmon-package-{os.getpid()}-{name}"
    with open(in_root(f"/var/log/{name}.log"), "ab") as log_file, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told_to:
        told_to.bind(b"\0" + told.encode())
        running[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file, cwd="/",
                                         env={**processes.ENVIRONMENT, "NOTIFY_SOCKET": "@" + told})
        assert settings["Type"] == ["notify"]
        wait_ready(name, told_to)


def wait_ready(name, told_to):
    """Until it says so itself."""
    told_to.settimeout(READY_S)
    try:
        while b"READY=1" not in told_to.recv(4096).splitlines():
            pass
    except TimeoutError:
        raise LabError(f"{name} is not ready after {READY_S} s: {log(name)[-300:]}") from None


def make_folder(path, user, group):
    os.makedirs(in_root(path), exist_ok=True)
    processes.run("chown", f"{user}:{group}", path)


def log(name):
    with open(in_root(f"/var/log/{name}.log"), encoding="utf-8", errors="replace") as said:
        return said.read()


def stop(name):
    process = running.pop(name)
    process.terminate()
    if process.wait(15) not in (0, -15):
        raise LabError(f"{name} ended with {process.returncode}: {log(name)[-300:]}")


def restart(name):
    stop(name)
    start(name)


def reload(name):
    processes.run("/bin/sh", "-ec", unit(name)["ExecReload"][0], MAINPID=str(running[name].pid))
