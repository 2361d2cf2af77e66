"""Commits, fsyncs and processor time of the state, a poll: the real store, a worker that is played (store.c).

Arguments: polls a second (each its own run), by default 10, 100, 400 and 1,667, the last 100,000 rows at 60 s.
"""

import re
import subprocess

from places import DIR, TREE, LabError

PROGRAM = f"{TREE}/build/release/tests/bench/bench_store"
RATES = (10, 100, 400, 1667)
WANTED = {                                          # column: where its number stands
    "commits a second": r"commits .*, ([\d.]+) a second",
    "commits a poll": r"commits .*, ([\d.]+) a poll",
    "entries a commit": r"commits .*, ([\d.]+) entries each",
    "fsyncs a poll": r"fsyncs .*, ([\d.]+) a poll",
    "us an fsync": r"fsyncs .*, ([\d.]+) us each",
    "KiB a poll": r"written .*, ([\d.]+) a poll",
    "processor, us a poll": r"processor +([\d.]+) us",
    "receipt, ms": r"receipts +([\d.]+) ms on average",
    "most": r"receipts .*, ([\d.]+) ms at most",
}


def measure(rate):
    """The numbers of one run."""
    ran = subprocess.run([PROGRAM, str(rate), "10", DIR], capture_output=True, text=True)
    if ran.returncode:
        raise LabError(f"bench_store {rate}: {ran.stderr.strip()}")
    return [float(re.search(pattern, ran.stdout).group(1)) for pattern in WANTED.values()]


def run(out, *rates):
    rows = [[int(rate), *measure(int(rate))] for rate in rates or RATES]
    out.table(["polls a second", *WANTED], rows)
