#!/usr/bin/env python3
"""The runner of the package's tests: `./dev test package [--only NAME]`.

They install what `./dev package` has built on a machine of its own, which has nothing but a minimal Debian 12, and do what
README.Debian says.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("EMAILMON_LAB_DIR", os.path.join(TREE, "build", "lab-package"))
sys.path.insert(1, os.path.join(TREE, "tests", "lab"))

import machine      # noqa: E402 (after the lab's folder is known)
import runner       # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main("package", HERE, machine.here))
