#!/usr/bin/env python3
"""The runner of the benchmarks: `./dev bench NAME [ARGUMENT...]`, `./dev bench all`.

A bench is a module bench_NAME.py: its docstring says what it measures, and `run(out, *arguments)` does it, with the lab's
snmpd and the fake mail server.  One that needs the lab's real mail servers says so: `servers = lab.running`.  What it
prints is text for people; the figures that were promised (figures.py) are compared with their limits.  `all` runs every
bench and writes RESULTS.md.
"""

import importlib
import inspect
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[1:1] = [os.path.join(TESTS, "torture"), os.path.join(TESTS, "lab")]

import lab                                              # noqa: E402 (from the lab's folder)
from figures import FIGURES, number, reached            # noqa: E402
from places import TREE, LabError                       # noqa: E402

ALL = ("commits", "poll", "workers", "plugin", "memory", "snmp", "set", "storm", "start", "mailbox", "fair", "status",
       "rows")


def machine():
    """What it ran on, in one line."""
    with open("/proc/cpuinfo", encoding="ascii") as info:
        model = next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    commit = subprocess.run(["git", "-C", TREE, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return (f"{time.strftime('%Y-%m-%d %H:%M')} UTC, {os.cpu_count()} × {model}, Linux {platform.release()}, "
            f"commit {commit.stdout.strip() or 'unknown'}")


class Out:
    """What a bench says: on the terminal at once, and kept as Markdown."""

    def __init__(self):
        self.lines, self.values = [], {}

    def say(self, text=""):
        """A line for people."""
        print(text, flush=True)
        self.lines.append(text)

    def table(self, head, rows):
        """Cells are texts or numbers; all columns but the first are set to the right."""
        cells = [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in [head, *rows]]
        wide = [max(len(row[i]) for row in cells) for i in range(len(head))]

        def line(row):
            return "| " + " | ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, wide))) + " |"
        self.say()
        self.say(line(cells[0]))
        self.say("|" + "|".join("-" * (w + 2) if not i else "-" * (w + 1) + ":" for i, w in enumerate(wide)) + "|")
        for row in cells[1:]:
            self.say(line(row))
        self.say()

    def figure(self, key, value):
        """One of the figures to reach was measured."""
        self.values[key] = value
        print(f"    {' '.join(self.row(key)[:-1])}: {self.row(key)[-1]}", flush=True)

    def row(self, key):
        """(what, limit, measured) of a figure."""
        figure = FIGURES[key]
        value = self.values.get(key)
        said = "not measured" if value is None else number(value) + ("" if reached(figure, value) else " **short**")
        return figure.what, f"{figure.sense} {number(figure.limit)} {figure.unit}".rstrip(), said


def bench(name, out, arguments=()):
    module = importlib.import_module(f"bench_{name}")
    print(f"--- {name}: {inspect.cleandoc(module.__doc__).splitlines()[0]}", flush=True)
    with getattr(module, "servers", lab.bare)():
        module.run(out, *arguments)


def write_results(head, out):
    """RESULTS.md: the promised figures, then what each bench said."""
    figures = Out()
    figures.values = out.values
    figures.table(("what", "to reach", "measured"), [figures.row(key) for key in FIGURES])
    with open(os.path.join(HERE, "RESULTS.md"), "w", encoding="utf-8") as f:
        f.write("\n".join(["# What was measured", "", head, *figures.lines, *out.lines]) + "\n")


def run_all():
    """Every bench, in one run; what there is is written after each of them, also of one that fails."""
    out, failed = Out(), []
    head = f"`./dev bench all`, {machine()}.  What falls short is explained in README.md, at the end."
    for name in ALL:
        began = time.monotonic()
        out.lines += ["", f"## {name}", ""]
        try:
            bench(name, out)
        except (LabError, AssertionError) as error:
            failed.append(name)
            out.say(f"failed: {error}")
        out.say(f"It took {time.monotonic() - began:.0f} s.")
        write_results(head, out)
    return failed


def main(name, *arguments):
    if name == "all":
        return run_all()
    bench(name, Out(), arguments)
    return []


if __name__ == "__main__":
    try:
        sys.exit(1 if main(*sys.argv[1:]) else 0)
    except (LabError, AssertionError) as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
