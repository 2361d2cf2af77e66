#!/usr/bin/env python3
"""Check the files of config/consoles against the MIB, without any console: part of `./dev test lint`.

A check is a function check_... of a module check_*.py; its docstring is a sentence that says what must hold.  What
holds for all consoles stands in check_files.py, what for one in check_NAME.py.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "lab"))

import runner       # noqa: E402 (from the lab's folder)


def main():
    checks = [check for name in runner.modules(HERE, "check") for check in runner.tests_of(name, "check")]
    passed = [runner.run_test(function, sentence, False) for function, sentence in checks]
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if checks and all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
