#!/usr/bin/env python3
"""The runner of the consoles' tests: `./dev test consoles [NAME...]`.

Each module test_NAME.py is one console (Zabbix, Prometheus, ...) and states the Debian packages that it needs, in
PACKAGES.  It has a private root of its own with these and snmpd, in build/nms/NAME, so that one console can be tested
without the packages of the others; the root is kept.  So each console is also a process of its own (console.py).
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "lab"))

import runner                           # noqa: E402 (from the lab's folder)
from places import TREE                 # noqa: E402


def consoles():
    return [name.removeprefix("test_") for name in runner.modules(HERE)]


def play(name):
    """Whether all tests of a console have passed."""
    print(f"== {name}", flush=True)
    folder = os.path.join(TREE, "build", "nms", name)
    done = subprocess.run([sys.executable, os.path.join(HERE, "console.py"), name], stdin=subprocess.DEVNULL,
                          env={**os.environ, "EMAILMON_LAB_DIR": folder}, check=False)
    return done.returncode == 0


def main(wanted):
    unknown = set(wanted) - set(consoles())
    if unknown:
        print(f"consoles: no such console: {' '.join(sorted(unknown))}; there are: {' '.join(consoles())}",
              file=sys.stderr)
        return 2
    failed = [name for name in wanted or consoles() if not play(name)]
    if failed:
        print(f"consoles: failed: {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
