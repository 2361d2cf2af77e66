"""Run the tests of one console in its private root: console.py NAME, started by run.py.

A module test_NAME.py states PACKAGES; what all of its tests need running is started once by its running(), if it has
one.
"""

import contextlib
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "lab"))

import lab          # noqa: E402 (from the lab's folder)
import root         # noqa: E402
import runner       # noqa: E402


@contextlib.contextmanager
def place(module):
    """What the tests of a console need."""
    with lab.bare([*root.SNMP, *module.PACKAGES]), getattr(module, "running", contextlib.nullcontext)():
        yield


if __name__ == "__main__":
    name = "test_" + sys.argv[1]
    sys.exit(runner.run("consoles", runner.tests_of(name), lambda: place(importlib.import_module(name))))
