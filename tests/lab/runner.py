"""What the runners of tests have in common: `[--full] [--only NAME]`.

A test is a function test_... of a module test_*.py; its docstring is a sentence that says what must hold.  It fails by
raising.  What all of them need is started once.  Tests of a module that says SIDE_BY_SIDE = True run beside one another,
behind all others.  The last line is the summary; exit code 0 only when nothing failed.
"""

import argparse
import ctypes
import importlib
import inspect
import os
import signal
import sys
import tempfile
import time
import traceback

import emailmon
import places
import root
import snmp
from places import LabError


def modules(folder, kind="test"):
    """The names of the modules of tests."""
    return sorted(n[:-3] for n in os.listdir(folder) if n.startswith(kind + "_") and n.endswith(".py"))


def tests_of(name, kind="test"):
    """[(function, sentence)] of one module, in the order of its text."""
    return [(function, " ".join(function.__doc__.split()).rstrip("."))
            for function in vars(importlib.import_module(name)).values()
            if callable(function) and getattr(function, "__name__", "").startswith(kind + "_")
            and function.__module__ == name]


def tests(folder, only, full):
    """[(function, sentence)] in the order of the modules and of their text."""
    return [(function, sentence) for name in modules(folder) for function, sentence in tests_of(name)
            if (not only or only in f"{function.__module__}.{function.__name__}")
            and (full or only or not getattr(function, "only_full", False))]


def tail_of_logs():
    for program in emailmon.started:
        print(f"    --- log of {program.file}")
        print("    " + program.log_tail().replace("\n", "\n    "))


def tell(error):
    """A missed expectation in its own words; anything else with its place."""
    if isinstance(error, (LabError, AssertionError)) and str(error):
        place = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in place if os.path.basename(frame.filename).startswith("test_")]
        where = f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}: " if ours else ""
        print(f"    {where}{error}")
    else:
        print("    " + "".join(traceback.format_exception(error)).replace("\n", "\n    "))


def run_test(function, sentence, full):
    """Run one test; whether it passed."""
    began = time.monotonic()
    emailmon.started.clear()
    failed = None
    try:
        function(full) if inspect.signature(function).parameters else function()
    except Exception as error:
        failed = error
    finally:
        for program in emailmon.started:
            if program.process and program.process.poll() is None:
                program.process.kill()
                program.process.wait()
    print(f"{'FAIL' if failed else 'ok  '} {sentence} ({time.monotonic() - began:.1f} s)", flush=True)
    if failed:
        tell(failed)
        tail_of_logs()
        sys.stdout.flush()
    return failed is None


# --- side by side ---

BESIDE = 4                    # so many
PR_SET_PDEATHSIG = 1


def is_beside(function):
    return getattr(sys.modules[function.__module__], "SIDE_BY_SIDE", False)


def be_test(said, number, *test):
    """A process of its own: folders, ports and output are, too."""
    passed = False
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        for descriptor in (1, 2):
            os.dup2(said.fileno(), descriptor)
        places.slot = number
        passed = run_test(*test)
    finally:
        sys.stdout.flush()
        os._exit(not passed)


def begin(number, *test):
    """(its process, where it writes)"""
    said = tempfile.TemporaryFile()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        be_test(said, number, *test)
    return pid, said


def run_beside(chosen, full):
    """The last first: those take longest.  Whether each has passed; what it prints comes when it has ended."""
    waiting, running = list(enumerate(chosen, 1)), {}
    if chosen:
        snmp.copy_mibs()
    try:
        while waiting or running:
            if waiting and len(running) < BESIDE:
                number, test = waiting.pop()
                pid, said = begin(number, *test, full)
                running[pid] = said
                continue
            pid, status = os.wait()
            said = running.pop(pid)
            said.seek(0)
            print(said.read().decode(errors="replace"), end="", flush=True)
            yield status == 0
    finally:
        for pid in running:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def run_all(chosen, full, after_each):
    """Whether each has passed."""
    for function, sentence in chosen:
        if len(chosen) == 1 or not is_beside(function):
            yield run_test(function, sentence, full)
            after_each()
    yield from run_beside([test for test in chosen if len(chosen) > 1 and is_beside(test[0])], full)


def main(what, folder, place, after_each=lambda: None):
    """Run the tests of a folder inside of `place()`; the exit code.  `what`: what all of them are called."""
    parser = argparse.ArgumentParser(description=f"Run the tests of {what}.")
    parser.add_argument("--full", action="store_true", help="the long forms too")
    parser.add_argument("--only", default="", metavar="NAME", help="tests whose module or name holds NAME")
    arguments = parser.parse_args()
    chosen = tests(folder, arguments.only, arguments.full)
    if not chosen:
        print(f"{what}: no test is called {arguments.only}", file=sys.stderr)
        return 1
    return run(what, chosen, place, arguments.full, after_each)


def run(what, chosen, place, full=False, after_each=lambda: None):
    """Run these tests inside of `place()`; the exit code."""
    try:
        root.need_root()
    except LabError as error:
        print(f"{what}: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    passed = failed = 0
    try:
        with place():
            for one in run_all(chosen, full, after_each):
                passed += one
                failed += not one
    except LabError as error:
        print(f"{what}: {error}", file=sys.stderr)
        failed += 1
    except KeyboardInterrupt:
        print(f"{what}: interrupted", file=sys.stderr)
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0

