"""Where the lab keeps its things, and the one exception that its modules raise.

Everything lies below one folder: $EMAILMON_LAB_DIR, or build/lab in the tree.  `clean` removes that folder and nothing
else was ever written outside of it.
"""

import os
import time

TREE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DIR = os.path.realpath(os.environ.get("EMAILMON_LAB_DIR") or os.path.join(TREE, "build", "lab"))
ROOT = os.path.join(DIR, "root")        # the private root of the servers
STAMP = os.path.join(DIR, "root.stamp")  # the packages that ROOT was made of
CERTS = os.path.join(DIR, "certs")
LOCK = os.path.join(DIR, "lock")
MIBS = os.path.join(TREE, "build", "mibs")

slot = 0                                 # a number of its own for each of the tests that run side by side


class LabError(Exception):
    """What is wrong, in one line for a person."""


def in_root(path):
    """The name that `path` of the private root has outside of it."""
    return os.path.join(ROOT, path.lstrip("/"))


def own(name):
    """A path that no test has which runs side by side with this one."""
    folder = os.path.join(DIR, "own", str(slot))
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name)


def write(path, text, mode=0o644):
    """Write a file of the private root, with the folders above it."""
    outside = in_root(path)
    os.makedirs(os.path.dirname(outside), exist_ok=True)
    with open(outside, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(outside, mode)


def wait_for(condition, timeout_s, what):
    """Ask `condition` until it says something true, and return that; LabError after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise LabError(f"waited {timeout_s} s in vain: {what}")
        time.sleep(0.02)
