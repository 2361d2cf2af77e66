"""kill -9 at any moment, under load: nothing is lost, nothing comes twice, and nobody is blamed."""

import contextlib
import os
import random
import threading
import time

import fake
from client import UP
from history import History
from places import wait_for
from program import check_none_is_down, state_files, watching
from setter import Setter
from shim import BadDisk

KILLS, KILLS_FULL = 30, 300
STEADY, FLAPPING, SLOW, SETTERS = 140, 50, 10, 4
SLOW_INTERVAL_S, UNEVEN_INTERVAL_S = 1800, 5
UNEVEN = 5                      # rows whose interval is longer than emailmon mostly lives
FLAP_S = 1.5
SETS_AT = 5000                  # indexes of the rows made by SET
SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 1000000)


class Flapper(threading.Thread):
    """Has a server refuse everybody, and serve again, by turns."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over = server, threading.Event()
        self.start()

    def run(self):
        broken = False
        while not self.over.wait(FLAP_S):
            broken = not broken
            self.server.misbehave("drop", int(broken))
        self.server.misbehave("drop", 0)

    def end(self):
        self.over.set()
        self.join()


@contextlib.contextmanager
def flapping(server):
    flapper = Flapper(server)
    try:
        yield
    finally:
        flapper.end()


class Snapshot:
    """What the table shows at a moment; and whether a later one may follow."""

    def __init__(self, program):
        self.names = program.names()
        self.rows = program.status("OperStatus", "NextPoll", "Polls", "Sent", "Delivered", "Transitions")

    def check_followed(self, now, steady, when):
        gone = {i for i in self.names if i < SETS_AT and now.names.get(i) != self.names[i]}
        assert not gone, f"{when}: indexes {sorted(gone)[:5]} have another name"
        for index in (i for i in self.rows if i < SETS_AT):
            before, after = self.rows[index], now.rows[index]
            # What was shown and had not been committed, 30 ms of it, may be gone: not more than the last poll.
            backwards = [(b, a) for b, a in zip(before[2:], after[2:]) if a < b - 1]
            assert not backwards, f"{when}: counters of row {index} went back: {before} -> {after}"
        fell = [i for i in steady if self.rows[i][0] == UP and now.rows[i][0] != UP]
        assert not fell, f"{when}: {len(fell)} rows that were up are not: {[now.rows[i] for i in fell[:3]]}"


class Trial:
    def __init__(self, program, good, bad):
        self.program, self.good, self.bad = program, good, bad
        self.first, self.began = Snapshot(program), time.monotonic()
        self.steady, self.slow, self.uneven = ([i for i, name in self.first.names.items() if name.startswith(kind)]
                                               for kind in ("steady", "slow", "uneven"))
        self.history, self.random = History(), random.Random(SEED)
        self.setters = [Setter(program.master, SETS_AT + n, good.ports) for n in range(SETTERS)]

    def kill_and_look(self, when):
        """Kill at a moment under load, start, and compare all that can be."""
        before = Snapshot(self.program)
        self.history.read(self.program)
        time.sleep(self.random.uniform(0, 1))
        self.program.kill()
        left = {mail for mail in self.good.mails() if mail[0].startswith("steady")}
        self.program.start()
        before.check_followed(Snapshot(self.program), self.steady, when)
        for setter in self.setters:
            setter.check(self.program, when)
        self.history.read(self.program)
        self.check_good_rows(when)
        self.program.wait_polls(self.steady, 2, 15)
        stays = left & self.good.mails()
        assert not stays, f"{when}: {len(stays)} probes stay in their mailboxes: {sorted(stays)[:5]}"
        self.check_good_rows(when)

    def check_good_rows(self, when):
        """Rows before the server that never failed: none is down, and no interval began anew."""
        check_none_is_down(self.program, self.steady + self.slow + self.uneven, when)
        now = Snapshot(self.program).rows
        anew = [i for i in self.slow if self.first.rows[i][1:3] != now[i][1:3]]
        assert not anew, f"{when}: an interval began anew: {[(self.first.rows[i], now[i]) for i in anew[:3]]}"

    def check_totals(self, kills):
        """What was sent before a kill is found after it, as this row's own; and rows with longer intervals are polled
        as often as they should be."""
        now, age_s = Snapshot(self.program).rows, time.monotonic() - self.began
        missing = sum(now[i][3] - now[i][4] for i in self.steady)
        assert missing < len(self.steady) * (2 + kills / 10), f"{missing} of the probes sent were not found"
        least = age_s / UNEVEN_INTERVAL_S * 0.6 - 2
        rare = [now[i][2] for i in self.uneven if now[i][2] - self.first.rows[i][2] < least]
        assert not rare, f"polled {rare} times in {age_s:.0f} s, every {UNEVEN_INTERVAL_S} s"

    def kill_early(self):
        """Kill while it starts, or soon after."""
        self.program.kill()
        self.program.start(wait=False)
        time.sleep(self.random.uniform(0, 0.8))
        self.program.kill()
        self.program.start(wait=False)
        self.program.wait_serving(10)

    def end(self):
        for setter in self.setters:
            setter.end()


def rows_of(good, bad):
    return ([fake.monitor(f"steady{n}", good.ports, ("imap", "pop3")[n % 2], interval=1) for n in range(STEADY)] +
            [fake.monitor(f"slow{n}", good.ports, interval=SLOW_INTERVAL_S) for n in range(SLOW)] +
            [fake.monitor(f"uneven{n}", good.ports, interval=UNEVEN_INTERVAL_S) for n in range(UNEVEN)] +
            [fake.monitor(f"flap{n}", bad.ports, interval=1) for n in range(FLAPPING)])


def test_nothing_is_lost_by_kills(full):
    """Killed 30 times (300 in the long form) under load, while rows flap and SETs go on: answered SETs are there and
    refused ones are not, no probe stays, no row falls without a reason, events have neither gap nor repeat, counters,
    indexes and intervals go on"""
    with fake.serving() as good, fake.serving() as bad, watching(rows_of(good, bad)) as program:
        program.wait_polled(1)
        trial = Trial(program, good, bad)
        kills = 0
        try:
            with flapping(bad):
                while kills < (KILLS_FULL if full else KILLS):
                    trial.kill_and_look(f"seed {SEED}, kill {kills + 1}")
                    trial.kill_early()
                    kills += 3
        finally:
            trial.end()
        trial.check_totals(kills)
        events = trial.history.read(program, whole=True)
        answered = sum(setter.answered for setter in trial.setters)
        assert events >= kills * 3 and answered >= kills, f"too little happened: {events} events, {answered} SETs"
        print(f"    {kills} kills, {events} events, {answered} SETs answered, "
              f"{sum(s.refused for s in trial.setters)} refused, {sum(s.unanswered for s in trial.setters)} unknown")


# Moments that one kill among many hardly meets: where each conversation is broken, and what of each row the server
# counts then.
MOMENTS = {
    "a probe is deleted, and no record says so": (("pop3 expunge silence done", "imap expunge silence done"),
                                                  "mails deleted"),
    "a probe is delivered, and no record says so": (("smtp dot silence done",), "mails taken"),
    "a record says that a probe is being sent, and it never arrives": (("smtp dot silence",), "mails taken"),
}


def kill_at(program, server, breaks, counted):
    due = server.counted(counted) + len(program.rows)
    for where in breaks:
        server.broken(where)
    wait_for(lambda: server.counted(counted) >= due, 10, f"{breaks} with each row")
    program.kill()
    for where in breaks:
        server.broken(where.split()[0] + " none")


def test_killed_between_what_is_done_and_its_record():
    """Killed after the server has done what emailmon could not record yet, or before it did what the record says, no
    row is down, then or later"""
    with fake.serving() as server:
        rows = [fake.monitor(f"steady{n}", server.ports, ("imap", "pop3")[n % 2], interval=1) for n in range(20)]
        with watching(rows) as program:
            program.wait_polled(2)
            for moment, (breaks, counted) in MOMENTS.items():
                kill_at(program, server, breaks, counted)
                program.start()
                check_none_is_down(program, program.names(), f"{moment}: after the start")
                program.wait_polls(program.names(), 3, 15)
                check_none_is_down(program, program.names(), f"{moment}: three polls later")
            assert set(row[0] for row in program.status("OperStatus").values()) == {UP}
            assert not History().read(program), "events, though no server failed"


TALKS, TALKS_FULL, TALKING_INTERVAL_S, DELAY_MS = 3, 30, 2, 60


def test_killed_amid_slow_conversations(full):
    """Killed while servers take their time, in each step of many conversations, no row is down afterwards, and no probe
    stays"""
    chance = random.Random(SEED)
    with fake.serving() as server:
        rows = [fake.monitor(f"steady{n}", server.ports, ("imap", "pop3")[n % 2], interval=TALKING_INTERVAL_S)
                for n in range(100)]
        with watching(rows) as program:
            program.wait_polled(2)
            server.misbehave("delay", DELAY_MS)
            for n in range(TALKS_FULL if full else TALKS):
                when = f"seed {SEED}, kill {n + 1}"
                time.sleep(chance.uniform(0.5, 1.5))
                program.kill()
                left = server.mails()
                program.start()
                program.wait_polls(program.names(), 2, 20)
                check_none_is_down(program, program.names(), when)
                stays = left & server.mails()
                assert not stays, f"{when}: {len(stays)} probes stay in their mailboxes: {sorted(stays)[:5]}"


FIRST_STARTS, FIRST_STARTS_FULL = 30, 200
FIRST_START_S, SYNC_MS = 0.2, 20   # by then it serves, though each sync takes so long


def test_killed_in_its_first_start(full):
    """Killed while it makes its key file and its state, emailmon leaves no half of them, and starts all the same the
    next time, and not with a damaged state"""
    chance, disk = random.Random(SEED), BadDisk()
    disk.be(sync_ms=SYNC_MS)
    with fake.serving() as server, watching([fake.monitor("only", server.ports, interval=3600)],
                                            environment=disk.environment) as program:
        for n in range(FIRST_STARTS_FULL if full else FIRST_STARTS):
            program.kill()
            for path in state_files(program):
                os.unlink(path)
            program.start(wait=False)
            time.sleep(chance.uniform(0, FIRST_START_S))
            program.kill()
            halves = [path for path in state_files(program) if ".key." in path]
            assert not halves, f"seed {SEED}, kill {n + 1}: {halves}"
            program.start(wait=n % 10 == 0)
            if n % 10:
                wait_for(lambda: any("-wal" in path for path in state_files(program)), 5, "a state")
        damaged = [path for path in state_files(program) if "damaged" in path]
        assert not damaged, damaged
        program.wait_serving(5)
        program.wait_polled(1)
