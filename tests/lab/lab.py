#!/usr/bin/env python3
"""The lab of real mail servers: `./dev lab start | stop | status | clean`.

All of it runs in a private root below build/lab, on loopback addresses and ports above 20000.  Nothing of the machine
is changed: no package, no file of /etc, no mount, no mail service.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import sys
import time

import certs
import dovecot
import names
import oldlogin
import postfix
import processes
import root
import silent
from listeners import LISTENERS, SILENT, SILENT_TLS
from places import DIR, LOCK, LabError, in_root, wait_for

START_S = 20            # until every door is open, on a slow machine


@contextlib.contextmanager
def lock():
    """Only one at a time starts, stops or tests the lab of this folder."""
    root.need_root()
    os.makedirs(DIR, exist_ok=True)
    with open(LOCK, "w", encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise LabError(f"somebody else uses the lab in {DIR} at this moment") from busy
        yield


def is_open(address):
    try:
        with socket.create_connection(address, timeout=1):
            return True
    except OSError:
        return False


def doors():
    """Every TCP address that must be open when the lab runs."""
    return [(row.host, row.port) for row in LISTENERS.values()] + [SILENT, SILENT_TLS]


def refuse_taken_doors():
    """A stranger at one of our ports would be tested in our place."""
    taken = [door for door in doors() if is_open(door)]
    if taken:
        raise LabError("port %s:%d is taken by a program that is not of this lab" % taken[0])


def forget_mail():
    """Empty the queue, the mailboxes and the logs of an earlier run."""
    for folder in ("/var/mail/lab", "/var/log"):
        shutil.rmtree(in_root(folder), ignore_errors=True)
        os.makedirs(in_root(folder), exist_ok=True)
    for queue in ("incoming", "active", "deferred", "hold", "maildrop", "defer"):
        shutil.rmtree(in_root("/var/spool/postfix/" + queue), ignore_errors=True)


def start():
    """Start everything afresh; what an earlier run left behind is ended first."""
    root.build()
    processes.end_all()
    refuse_taken_doors()
    certs.make()
    forget_mail()
    postfix.configure()
    dovecot.configure()
    for name in dovecot.instances():
        dovecot.start(name)
    postfix.start()
    names.start()
    silent.start()
    oldlogin.start()
    for door in doors():
        wait_for(lambda door=door: is_open(door), START_S, "a server at %s:%d" % door)
    wait_for(names_answer, START_S, "the name server")


def names_answer():
    try:
        return names.ask("mail.lab.test")[1]
    except OSError:
        return False


def stop():
    """End everything that runs in the private root.  An impatient second Ctrl-C does not leave half of it behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        processes.end_all()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def running():
    """The lab for the length of a `with`."""
    with lock():
        try:
            start()
            yield
        finally:
            stop()


@contextlib.contextmanager
def bare(packages=root.PACKAGES):
    """The private root without mail servers, for tests that bring their own."""
    with lock():
        try:
            root.build(packages)
            processes.end_all()
            certs.make()
            forget_mail()
            yield
        finally:
            stop()


def status():
    """What runs, in a few lines for a person."""
    running_now = sorted(processes.ours().values())
    opened = sum(is_open(door) for door in doors())
    print(f"private root: {'built' if root.is_built() else 'not built yet'}, in {DIR}")
    print(f"processes:    {len(running_now)} ({', '.join(sorted(set(running_now))) or 'none'})")
    print(f"open doors:   {opened} of {len(doors())}")


def clean():
    """Stop, and remove the private root and all else below the lab's folder."""
    stop()
    root.remove()
    shutil.rmtree(DIR, ignore_errors=True)


def command(verb):
    if verb == "status":
        status()
        return
    with lock():
        began = time.monotonic()
        {"start": start, "stop": stop, "clean": clean}[verb]()
        if verb == "start":
            print(f"the lab runs: {len(doors())} doors after {time.monotonic() - began:.1f} s; ./dev lab stop ends it")


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in ("start", "stop", "status", "clean"):
        print("usage: ./dev lab start | stop | status | clean", file=sys.stderr)
        return 2
    try:
        command(arguments[0])
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
