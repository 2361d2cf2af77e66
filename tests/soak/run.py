#!/usr/bin/env python3
"""The soak: `./dev test soak [SECONDS]`, an hour without a number.

One emailmon in the lab of real servers, which are stopped, restarted and frozen in turn; a long line with delay,
stalls, resets and a black hole; the file changed and rows SET all the time; snmpd restarted.  It prints a line every
few minutes, and fails when something grows, or when a verdict has no reason.
"""

import argparse
import contextlib
import itertools
import math
import os
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(os.path.dirname(HERE), folder) for folder in ("lab", "torture")]

import fake             # noqa: E402 (from the lab's folder)
import lab              # noqa: E402
import mailbox          # noqa: E402
import snmp             # noqa: E402
from disturbances import ALL, ROUND     # noqa: E402
from edits import BY_SET, FIRST_GUEST, GUESTS, Edits       # noqa: E402
from link import Link                   # noqa: E402
from places import LabError, wait_for   # noqa: E402
from program import Program, state_files        # noqa: E402 (from the torture tests' folder)
from rows import FAR, Rows              # noqa: E402
from watch import RECOVERY_S, Watch     # noqa: E402

MASTER = 70
FIRST_BY_SET_USER = 50
WITH_FOREIGN = ["u1", "u2", "u20", "u21"]     # users whose mailboxes hold the mails of others too
SHORTEST_S = 180
LINES = 30                    # of a long soak: one every two minutes of an hour
LEAST_WINDOW_S = 20
CERTAIN_S = 75                # a look and a send that run to their last limit, and the interval before them
ALARM_S = 60                  # so long an alarm tells of what was
WARM_UP_S = 60                # lines before that are not compared
GROWTH = 1.02                 # of the least resident memory, from the first quarter to the last; and beside that:
EVENT_OCTETS = 400            # an event stays in the table, with its text
REMEMBERED_OCTETS = 64 * 12   # a row knows its last 64 probes again
CACHE_KIB = 2000              # of SQLite, which fills with what was written

# Heading, width, and what of a soak and its last window stands below it.
COLUMNS = [
    ("s", 5, lambda soak, w: round(time.monotonic() - soak.began)),
    ("rss KiB", 9, lambda soak, w: w.resident_kib),
    ("anon KiB", 9, lambda soak, w: w.anonymous_kib),
    ("fds", 4, lambda soak, w: w.descriptors),
    ("threads", 8, lambda soak, w: w.threads),
    ("polls", 8, lambda soak, w: soak.watch.total("Polls")),
    ("failed", 7, lambda soak, w: soak.watch.total("PollsFailed")),
    ("down", 5, lambda soak, w: soak.watch.down()),
    ("events", 7, lambda soak, w: soak.watch.last_event),
    ("probes", 7, lambda soak, w: w.probes),
    ("state KiB", 10, lambda soak, w: state_kib(soak.program)),
    ("lag ms", 7, lambda soak, w: w.lag_ms),
    ("disturbed", 10, lambda soak, w: len(soak.watch.troubles)),
]


class Soak:
    def __init__(self, program, link, rows):
        self.program, self.link, self.rows = program, link, rows
        self.watch = Watch(program, rows.paths, sorted(looked_into(rows) | guests()))
        self.edits = Edits(self)
        self.windows = []
        self.next_line = math.inf

    # --- the time ---

    def run(self, seconds):
        self.began = time.monotonic()
        self.every_s = max(LEAST_WINDOW_S, seconds / LINES)
        self.watch.start()
        try:
            self.pause_until(lambda: self.watch.rows and not self.watch.not_up(), RECOVERY_S, "every row up at first")
            self.watch.take_window()
            print("".join(f"{name:>{width}}" for name, width, _ in COLUMNS), flush=True)
            self.next_line = time.monotonic() + self.every_s
            for name in itertools.cycle(ROUND):
                if time.monotonic() - self.began > seconds - RECOVERY_S:
                    break
                self.disturb(ALL[name])
                self.edits.next()
            self.settle()
            self.line()
        finally:
            self.watch.end()
        self.check()

    def pause_until(self, condition, timeout_s, what):
        """Wait, and print lines meanwhile; what the watch has found is told at once."""
        def over():
            self.watch.check()
            if time.monotonic() >= self.next_line:
                self.line()
            return condition()
        wait_for(over, timeout_s, what)

    def pause(self, seconds):
        end = time.monotonic() + seconds
        self.pause_until(lambda: time.monotonic() >= end, seconds + 60, "nothing")

    def disturb(self, disturbance):
        """Make it happen; one that nobody can overlook lasts until all have seen it.  Then wait until all are well."""
        watch, began = self.watch, time.monotonic()
        watch.began(disturbance)
        try:
            disturbance.begin(self)
            self.pause(disturbance.lasts_s)
            if disturbance.certain:
                try:
                    self.pause_until(lambda: not watch.not_down(disturbance.troubles), CERTAIN_S, "all of them down")
                except LabError:
                    raise LabError(f"{disturbance.name}: not down after {time.monotonic() - began:.0f} s: "
                                   f"{watch.not_down(disturbance.troubles)[:10]}") from None
        finally:
            disturbance.end(self)
            watch.ended()
        self.settle()

    def settle(self):
        try:
            self.pause_until(lambda: not self.watch.not_up(), RECOVERY_S + 15, "all rows up")
        except LabError:
            rows = {name: self.watch.rows[name] for name in self.watch.not_up()}
            raise LabError(f"not up again: {list(rows.items())[:5]}") from None

    # --- the table ---

    def line(self):
        self.next_line = time.monotonic() + self.every_s
        window = self.watch.take_window()
        window.ended = time.monotonic()
        if not window.whole():
            return
        self.windows.append(window)
        print("".join(f"{value(self, window):{width}}" for _, width, value in COLUMNS), flush=True)

    # --- what must hold at the end ---

    def check(self):
        self.watch.check()
        warm = [w for w in self.windows if w.ended - self.began > WARM_UP_S]
        quarter = max(1, len(warm) // 4)
        first, last = warm[:quarter], warm[-quarter:]
        remembered = len(self.rows.paths) * REMEMBERED_OCTETS
        allowed = (self.watch.last_event * EVENT_OCTETS + remembered) // 1024 + CACHE_KIB
        self.check_flat("resident memory, KiB", "resident_kib", first, last, GROWTH, allowed)
        self.check_flat("descriptors", "descriptors", first, last, 1, 2)
        self.check_flat("threads", "threads", first, last, 1, 0)
        self.check_flat("probes left", "probes", first, last, 1, len(self.watch.users))    # one each
        assert self.watch.total("Forged") == 0, "own probes taken for forged ones"
        assert self.program.scalar("NotificationsDropped") == 0
        wait_for(lambda: self.program.scalar("NotificationsPending") == 0, 20, "no notification pending")
        wait_for(lambda: not any(self.program.scalar("Alarms")), ALARM_S + 10, "no alarm")
        self.check_mailboxes()

    @staticmethod
    def check_flat(what, member, first, last, growth, more):
        before, after = (min(getattr(w, member) for w in windows) for windows in (first, last))
        print(f"{what}: {before} at least in the first quarter, {after} in the last; {more} more would be nothing")
        assert after <= before * growth + more, f"{what} grew from {before} to {after}"

    def check_mailboxes(self):
        """A mailbox holds what its row waits for, and nothing of rows that are gone."""
        waiting = {}
        program = self.program
        outstanding, names = program.status("Outstanding"), program.names()
        for index, name in names.items():
            user = self.rows.paths[name].user
            if user:
                waiting[user] = waiting.get(user, 0) + outstanding[index][0]
        left = {user: mailbox.probes(user) for user in {*self.watch.users, *waiting}}
        too_many = {user: count for user, count in left.items() if count > waiting.get(user, 0) + 1}
        assert not too_many, f"probes left behind: {too_many}"
        print(f"probes in {len(left)} mailboxes: {sum(left.values())}, waited for: {sum(waiting.values())}")

    def tell(self):
        """Who went down in whose time."""
        watch = self.watch
        print(f"{watch.total('Polls')} polls; {self.edits.reloads} reloads, {self.edits.sets} SETs and "
              f"{self.edits.late} that a slow disk refused; {watch.last_event} events, {watch.gone_down} of them down "
              f"or unknown, {len(watch.false)} without a reason")
        for name in ROUND:
            troubles = [t for t in watch.troubles if t.name == name]
            if troubles:
                victims = [len(t.victims) for t in troubles]
                print(f"  {name:38s} {len(troubles):3d} times; down in its time: {min(victims)} to {max(victims)} rows")


def looked_into(rows):
    """Users whose mailboxes are emptied of probes again and again: into that of `closed` nobody can look, and it holds
    as many as may be outstanding."""
    return {path.user for path in rows.paths.values() if path.user and path.well}


def guests():
    """Users whose mailboxes belong to monitors that come and go."""
    return {f"u{FIRST_GUEST + n}" for n in range(GUESTS)} | {f"u{FIRST_BY_SET_USER + n}" for n in range(BY_SET + 1)}


def state_kib(program):
    return sum(os.path.getsize(path) for path in state_files(program)) // 1024


def soak(seconds):
    keys = sorted({key for pair in FAR for key in pair})
    for user in list(mailbox.users.passwords()):
        mailbox.clear(user)
    for user in WITH_FOREIGN:
        mailbox.put_foreign(user)
    before = {user: mailbox.snapshot(user) for user in WITH_FOREIGN}
    with contextlib.ExitStack() as stack:
        server, link = stack.enter_context(fake.serving()), Link(keys)
        stack.callback(link.close)
        rows = Rows(link, server.ports)
        master = stack.enter_context(snmp.Master(MASTER))
        program = stack.enter_context(Program(rows.monitors, master, limits={"in_flight": 1000, "per_host": 100}))
        it = Soak(program, link, rows)
        try:
            it.run(seconds)
        finally:
            it.tell()
    assert before == {user: mailbox.snapshot(user) for user in WITH_FOREIGN}, "mails of others were touched"


def main():
    parser = argparse.ArgumentParser(description="Run emailmon for a long time in a lab that is never quiet.")
    parser.add_argument("seconds", nargs="?", type=int, default=3600)
    seconds = parser.parse_args().seconds
    if seconds < SHORTEST_S:
        parser.error(f"{SHORTEST_S} s at least: nothing can be compared before")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with lab.running():
            soak(seconds)
    except (LabError, AssertionError) as error:
        print(f"soak: FAILED: {error}", flush=True)
        return 1
    except KeyboardInterrupt:
        print("soak: interrupted", file=sys.stderr)
        return 1
    print("soak: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
