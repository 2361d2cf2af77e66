#!/usr/bin/env python3
"""The runner of the hostile cases: `./dev test hostile [NUMBER...]`; a number may be a beginning ("B", "E1").

Each module cases_*.py has a table CASES.  All numbers of NUMBERS must stand in one of them: a case is played here, is shown
by a named test of another tier, or belongs to a feature that is named and not built yet.
"""

import argparse
import concurrent.futures
import glob
import importlib
import os
import re
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "lab"))

import certs        # noqa: E402 (its tables need tokens, from the lab's folder)
import world        # noqa: E402

NUMBERS = {"A": 18, "B": 19, "C": 21, "D": 24, "E": 43, "F": 24, "G": 40, "H": 22, "I": 11}
SIDE_BY_SIDE = 8


def all_cases():
    """Every case, by number; ends the program when one is there twice."""
    found = {}
    for path in sorted(glob.glob(os.path.join(HERE, "cases_*.py"))):
        for one in importlib.import_module(os.path.basename(path)[:-3]).CASES:
            if one.number in found:
                sys.exit(f"hostile: {one.number} is there twice")
            found[one.number] = one
    return dict(sorted(found.items()))


def misfits(cases):
    """Numbers that the tables lack, or should not have."""
    wanted = {f"{letter}{n:02}" for letter, most in NUMBERS.items() for n in range(1, most + 1)}
    return sorted(wanted ^ set(cases))


def is_there(test):
    """Whether "folder/module.function" of another tier is written."""
    path, _, function = test.rpartition(".")
    for file in (os.path.join(HERE, "..", path + end) for end in (".py", ".c")):
        if os.path.exists(file):
            with open(file, encoding="utf-8") as text:
                return re.search(rf"\b{re.escape(function)}\(", text.read()) is not None
    return False


def judge(number):
    """(number, None or what did not hold, a note)"""
    one, began = all_cases()[number], time.monotonic()
    if one.lacks:
        return number, None, "later: " + one.lacks
    if one.shown_by:
        missing = ", ".join(test for test in one.shown_by if not is_there(test))
        wrong = f"there is no {missing}" if missing else None
        return number, wrong, "shown by " + ", ".join(one.shown_by)
    try:
        wrong, grown = world.play(one)
    except Exception:
        wrong, grown = traceback.format_exc(), 0
    return number, wrong, f"{time.monotonic() - began:.1f} s, {grown / 1024:.0f} KiB"


def tell(one, wrong, note):
    print(f"{'FAIL' if wrong else 'ok  '} {one.number} {one.says} ({note})", flush=True)
    if wrong:
        print("    " + wrong.replace("\n", "\n    "), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Play the hostile cases.")
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="those alone whose number begins so")
    parser.add_argument("-j", type=int, default=SIDE_BY_SIDE, help="so many side by side")
    arguments = parser.parse_args()
    cases = all_cases()
    chosen = [number for number in cases
              if not arguments.numbers or any(number.startswith(begin) for begin in arguments.numbers)]
    certs.make()
    passed = failed = 0
    if not arguments.numbers and misfits(cases):
        print(f"FAIL numbers that no table has, or none should have: {' '.join(misfits(cases))}")
        failed += 1
    with concurrent.futures.ProcessPoolExecutor(arguments.j) as pool:
        for number, wrong, note in pool.map(judge, chosen):
            tell(cases[number], wrong, note)
            failed += wrong is not None
            passed += wrong is None and not cases[number].lacks
    later = sum(bool(cases[number].lacks) for number in chosen)
    print(f"{passed} passed, {failed} failed, {later} of features that are not built yet")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
