#!/usr/bin/env python3
"""The runner of the torture tests: `./dev test torture [--full] [--only NAME]`.

They are tests as the lab's are, with the lab's snmpd, but mail servers of their own that do as they are told.  Disks
that are full are made in a private mount namespace: the machine sees nothing of them.
"""

import ctypes
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "lab"))

import lab          # noqa: E402 (from the lab's folder)
import runner       # noqa: E402

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x00020000, 0x4000, 1 << 18


def leave_the_mounts_alone():
    """From here on mounts are our own, and end with us."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        print(f"torture: no mount namespace: {os.strerror(ctypes.get_errno())}", file=sys.stderr)


if __name__ == "__main__":
    if os.getuid() == 0:
        leave_the_mounts_alone()
    sys.exit(runner.main("torture", HERE, lab.bare))
