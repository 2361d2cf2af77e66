#!/usr/bin/env python3
"""The runner of the torture tests: `./dev test torture [--full] [--only NAME]`.

They are tests as the lab's are, with the lab's snmpd, but mail servers of their own that do as they are told.  Disks
that are full are made in a private mount namespace: the machine sees nothing of them.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "lab"))

import apart        # noqa: E402 (from the lab's folder)
import lab          # noqa: E402
import runner       # noqa: E402
from places import LabError     # noqa: E402

if __name__ == "__main__":
    if os.getuid() == 0:
        try:
            apart.mounts()
        except LabError as error:
            print(f"torture: {error}", file=sys.stderr)
    sys.exit(runner.main("torture", HERE, lab.bare))
