"""A wall clock that is set while a program runs, for that program alone: libfaketime, and the file that tells it."""

import os

from places import LabError, own

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class WallClock:
    """`environment` is for the program; its clock is right yet."""

    def __init__(self):
        if not os.path.exists(LIBRARY):
            raise LabError(f"{LIBRARY} is missing: ./dev deps installs it (faketime)")
        self.path = own("faked-time")
        self.environment = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        self.set(0)

    def set(self, seconds):
        """So far from the right time, from now on."""
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(f"{seconds:+d}\n")
        os.replace(self.path + ".new", self.path)
