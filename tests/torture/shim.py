"""A disk that is slow, or fails, under one program alone: disk_shim.c, and the file that tells it what to do."""

import os
import struct

from places import TREE, LabError, own

LIBRARY = os.environ.get("DISK_SHIM_LIBRARY") or os.path.join(TREE, "build", "release", "tests", "torture",
                                                              "disk_shim.so")


class BadDisk:
    """`environment` is for the program; nothing is wrong yet."""

    def __init__(self):
        if not os.path.exists(LIBRARY):
            raise LabError(f"{LIBRARY} is missing: ./dev build makes it")
        self.path = own("disk-shim")
        self.environment = {"LD_PRELOAD": LIBRARY, "DISK_SHIM": self.path}
        self.mend()

    def be(self, sync_ms=0, sync_error=0, write_error=0):
        """From now on each sync takes so long, and syncs and writes fail with an errno."""
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as orders:
            orders.write(struct.pack("=3i", sync_ms, sync_error, write_error))

    def mend(self):
        self.be()
