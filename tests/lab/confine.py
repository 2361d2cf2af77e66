#!/usr/bin/env python3
"""Run a program as systemd would run it by a unit: `confine.py UNIT UID STATE COMMAND...`, as root.

PID 1 of a test machine need not be systemd, so what its restrictions are made of is set here, from what the unit says:
user, no capability, no new privileges, the filter of system calls (with address families, memory that is written and
executed, and namespaces), a file system that is read-only but for the folder STATE, a /proc that shows its own
processes alone.  What the filter denies ends the program at once: systemd would only refuse it, and nobody might see.
"""

import ctypes
import os
import re
import resource
import signal
import socket
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_BIND = 0x00020000, 0x4000, 1 << 18, 0x1000
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
PROT_WRITE, PROT_EXEC = 2, 4
NAMESPACES = 0x7E020080         # CLONE_NEW... of clone(2) and unshare(2)
ALLOW, KILL, ERRNO_ENOSYS = 0x7FFF0000, 0x80000000, 0x00050000 | 38
EQUAL, MASKED_EQUAL = 4, 7      # enum scmp_compare


def must(result, what):
    if result < 0:
        sys.exit(f"confine: {what}: {os.strerror(ctypes.get_errno() or -result)}")


# --- the unit ---

def read_unit(path):
    """{setting: [values]} of a unit."""
    settings = {}
    with open(path, encoding="utf-8") as unit:
        for name, value in re.findall(r"^(\w+)=(.*)$", unit.read(), re.MULTILINE):
            settings.setdefault(name, []).append(value.strip())
    return settings


def known_sets():
    """{set: its members} as systemd knows them."""
    sets, members = {}, None
    listing = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True,
                             check=True).stdout
    for line in re.sub(r"\x1b\[[0-9;]*m", "", listing).splitlines():
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.lstrip().startswith("#"):
            members.append(line.strip())
    return sets


def expand(words, sets):
    for word in words:
        if word.startswith("@"):
            yield from expand(sets[word], sets)
        else:
            yield word


def allowed_calls(lines):
    """The names of SystemCallFilter=: an allow list first, then what is taken out of it again."""
    sets, allowed = known_sets(), set()
    for line in lines:
        calls = set(expand(line.lstrip("~").split(), sets))
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


# --- the filter ---

class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    def __init__(self):
        self.library = ctypes.CDLL("libseccomp.so.2")
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(KILL)))

    def add(self, call, *comparisons, action=ALLOW):
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return                    # of another architecture
        must(self.library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(comparisons),
                                                 (Comparison * len(comparisons))(*comparisons)), call)

    def load(self):
        must(self.library.seccomp_load(self.context), "seccomp_load")


# Calls that are allowed, or not, for what they are asked to do.
BY_ARGUMENT = {"socket", "mmap", "mprotect", "pkey_mprotect", "clone", "clone3", "unshare", "setns"}


def without(argument, bits):
    """None of these bits may be set in an argument."""
    return Comparison(argument, MASKED_EQUAL, bits, 0)


def filter_of(unit):
    made = Filter()
    for call in allowed_calls(unit["SystemCallFilter"]) - BY_ARGUMENT:
        made.add(call)
    for family in unit["RestrictAddressFamilies"][0].split():
        made.add("socket", Comparison(0, EQUAL, getattr(socket, family), 0))
    assert unit["MemoryDenyWriteExecute"] == unit["RestrictNamespaces"] == ["yes"]
    made.add("mmap", without(2, PROT_EXEC))
    made.add("mmap", without(2, PROT_WRITE))
    made.add("mprotect", without(2, PROT_EXEC))
    made.add("pkey_mprotect", without(2, PROT_EXEC))
    made.add("clone", without(0, NAMESPACES))
    made.add("unshare", without(0, NAMESPACES))
    made.add("clone3", action=ERRNO_ENOSYS)       # its flags are in memory, where no filter looks; libc then clones
    return made


# --- the file system ---

class MountAttributes(ctypes.Structure):
    """struct mount_attr"""
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns_fd")]


def set_read_only(path, recursive=True, **change):
    attributes = MountAttributes(**change)
    must(libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), AT_RECURSIVE if recursive else 0,
                      ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes))), f"read-only {path}")


def mount(source, target, kind, flags, data=None):
    must(libc.mount(source.encode(), target.encode(), kind, flags, data), f"mount {target}")


def confine_files(unit, state):
    must(libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(state, state, None, MS_BIND)
    assert unit["ProtectSystem"] == ["strict"]
    set_read_only("/", set=MOUNT_ATTR_RDONLY)
    set_read_only(state, recursive=False, clear=MOUNT_ATTR_RDONLY)
    options = f"hidepid={unit['ProtectProc'][0]},subset={unit['ProcSubset'][0]}"
    mount("proc", "/proc", b"proc", 0, options.encode())


# --- the user ---

def last_capability():
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as last:
        return int(last.read())


def become(unit, uid, capabilities):
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == [""]
    for capability in range(capabilities + 1):
        must(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "capabilities")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.umask(int(unit["UMask"][0], 8))
    resource.setrlimit(resource.RLIMIT_CORE, (int(unit["LimitCORE"][0]),) * 2)
    assert unit["NoNewPrivileges"] == ["yes"]
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    must(libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0), "a signal at the parent's end")


def main(path, uid, state, *command):
    unit = read_unit(path)
    made, capabilities = filter_of(unit), last_capability()
    confine_files(unit, state)
    become(unit, int(uid), capabilities)
    made.load()
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
