"""Parts of the machine of which this process, and what it starts, has its own from here on; they end with it."""

import ctypes
import fcntl
import os
import socket
import struct

from places import LabError

CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE = 0x00020000, 0x40000000, 0x4000, 1 << 18
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
REQUEST = "16sh14x"         # struct ifreq, with the flags of an interface

libc = ctypes.CDLL(None, use_errno=True)


def must(result, what):
    if result:
        raise LabError(f"{what}: {os.strerror(ctypes.get_errno())}")


def mounts():
    """The machine sees nothing of what is mounted from here on."""
    must(libc.unshare(CLONE_NEWNS), "no mount namespace")
    must(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "no mounts of its own")


def mount_proc(path):
    must(libc.mount(b"proc", path.encode(), b"proc", 0, None), f"mount {path}")


def unmount(path):
    must(libc.umount2(path.encode(), 0), f"unmount {path}")


def network():
    """A network with nothing but loopback: no port of the machine is in the way, and none of ours in anybody else's."""
    must(libc.unshare(CLONE_NEWNET), "no network of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        _, flags = struct.unpack(REQUEST, fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack(REQUEST, b"lo", 0)))
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack(REQUEST, b"lo", flags | IFF_UP))
