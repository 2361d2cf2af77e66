"""A machine of its own: a private root with nothing but a minimal Debian 12, and a network that nobody else sees.

The root as mmdebstrap made it is kept, together with the packages that were downloaded for it, so that only the first run
needs a mirror.  Each test begins with a copy of it.
"""

import contextlib
import glob
import os
import shutil
import subprocess

import apart
import lab
import processes
import root
import service
from places import DIR, ROOT, TREE, LabError, in_root, write

MINIMAL = os.path.join(DIR, "minimal")
BUILT = os.path.join(TREE, "build", "package")
PROC = in_root("/proc")
MORE = ["snmpd", "snmp", "snmptrapd", "bash-completion"]      # what tests install beside the package
KEPT = ["var/cache/apt", "var/lib/apt"]
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
HOSTS = "127.0.0.1 localhost\n::1 localhost\n127.0.0.11 console.example.org\n"

has_package = False         # nothing but what has_it() does was done to the machine


def package():
    """The package under test."""
    found = glob.glob(os.path.join(BUILT, "emailmon_*.deb"))
    if len(found) != 1:
        raise LabError(f"{BUILT} has {len(found)} packages, not one: ./dev package makes it")
    return found[0]


@contextlib.contextmanager
def here():
    """The machine for the length of a `with`."""
    with lab.lock():
        processes.end_all()
        apart.mounts()
        prepare()
        apart.network()
        try:
            yield
        finally:
            processes.end_all()


def prepare():
    """The minimal root, and all that will be installed in it, downloaded."""
    if not os.path.isdir(MINIMAL):
        root.remove()
    if root.build(["apt"]):
        copy(ROOT, MINIMAL)
    begin_anew()
    if not download():
        processes.run("apt-get", "update", timeout_s=300)
        if not download():
            raise LabError(f"packages cannot be downloaded: see {in_root('/var/log/commands.log')}")
        for folder in KEPT:
            copy(in_root(folder), os.path.join(MINIMAL, folder))


def download():
    """Whether all that is needed is there; without a network, whether it was there before."""
    try:
        install("--download-only", *MORE)
    except LabError:
        return False
    return True


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


def begin_anew():
    """The machine as it was before anything was installed; the package lies in its root folder."""
    global has_package
    has_package = False
    processes.end_all()
    service.forget()
    if os.path.ismount(PROC):
        apart.unmount(PROC)
    copy(MINIMAL, ROOT)
    apart.mount_proc(PROC)
    shutil.copy("/etc/resolv.conf", in_root("/etc/resolv.conf"))
    shutil.copy(package(), ROOT)
    write("/etc/hosts", HOSTS)
    write("/etc/apt/apt.conf.d/90-nobody-answers", 'APT::Get::Assume-Yes "true";\n')
    write("/etc/dpkg/dpkg.cfg.d/90-no-power-cut", "force-unsafe-io\n")
    write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)      # the tests start services, not apt


def has_it():
    """The machine with the package, and all that goes with it, for tests that leave both as they are."""
    global has_package
    if not has_package:
        begin_anew()
        install(*MORE)
        has_package = True


def install(*more):
    apt("install", "./" + os.path.basename(package()), *more)


def shell(line):
    """A line as an administrator types it, in root's folder /; what it prints.  It must succeed."""
    return processes.run("/bin/sh", "-ec", line, timeout_s=300, **QUIET)


def apt(*words):
    return processes.run("apt-get", *words, timeout_s=300, **QUIET)
