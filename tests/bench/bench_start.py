"""Start and reload with 100,000 rows: of a file without and with a state, and of SETs from the state alone.

Argument: how many rows, 100,000.
"""

import os
import signal
import threading
import time

import fake
import measured
import snmp
from client import NO_ERROR, TABLE, Client, cells
from emailmon import SENDER
from places import LabError, wait_for
from program import Program, set_cells, state_files

MASTER = 80                     # the number of this bench's own snmpd
ROWS, ROUNDS = 100_000, 3
INTERVAL_S = 300
PATIENCE_S = 120                # for a start, a reload, all polls
ROWS_A_SET = 50
NAME, POLL = 2, 2               # a column; poll(2) of emailMonPollNow
SETTLE_S = 2                    # after a reload
NEW, KNOWN, MADE = "a file, no state", "a file and its state", "rows made by SET"

MONITOR = """  - name: monitor-{number:06d}
    description: Round trip number {number}
    device: {host}
    interval: {interval}
    smtp:
      server: "%Device.Address"
      port: {smtp}
      to: monitor-{number:06d}@fake.test
      from: {sender}
    incoming:
      type: imap
      server: "%Device.Address"
      port: {imap}
      username: monitor-{number:06d}
      password: anything
      plaintext_auth: true
"""


class Big(Program):
    """An emailmon of very many rows: those of its file, written as a person writes them, or those that SETs make."""

    def __init__(self, master, ports, rows, in_file):
        self.count, self.ports, self.in_file = rows, ports, in_file
        self.timeout_s, self.addition = 15, ""
        super().__init__([], master)

    def write(self):
        """`timeout_s` stands in the defaults of all rows, `addition` is a line of the last one."""
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write(f"agentx: {self.settings['agentx']}\nstate: {self.settings['state']}\n"
                    f"limits:\n  in_flight: 1000\n  per_host: 100\ndefaults:\n  smtp:\n    timeout: {self.timeout_s}\n")
            if self.in_file:
                f.write("monitors:\n")
                f.writelines(MONITOR.format(number=n, host=fake.HOST, sender=SENDER, interval=INTERVAL_S, **self.ports)
                             for n in range(1, self.count + 1))
                f.write(self.addition)

    def is_whole(self, rows):
        if self.process.poll() is not None:
            raise LabError(f"emailmon ended at once ({self.process.returncode}): {self.log_tail(3)}")
        last = TABLE + (NAME, rows - 1)
        return self.client.scalar("Rows") == rows and (not rows or self.client.next(last) == TABLE + (NAME, rows))

    def begin(self, rows):
        """Start it; [seconds from exec until all rows are there and GETNEXT finds the last, processor seconds, MiB at
        most]."""
        began = time.monotonic()
        self.start(wait=False)
        wait_for(lambda: self.is_whole(rows), PATIENCE_S, f"{rows} rows")
        pid = self.process.pid
        return [time.monotonic() - began, measured.whole_processor_s(pid), measured.peak_kib(pid) / 1024]

    def end(self):
        self.stop(timeout_s=PATIENCE_S)

    def set_all(self, variables):
        """SETs of fifty rows each; `variables`: those of one row, by its number."""
        client = Client(self.master, timeout_s=10)
        for first in range(1, self.count + 1, ROWS_A_SET):
            numbers = range(first, min(first + ROWS_A_SET, self.count + 1))
            said = client.set([variable for n in numbers for variable in variables(n)])
            if said != NO_ERROR:
                raise LabError(f"the SET of the rows from {first} on was answered {said}")
        client.close()

    def make_state(self):
        """Leave a state of rows that have been polled, each with a probe that is outstanding."""
        self.begin(self.count if self.in_file else 0)
        if not self.in_file:
            self.set_all(lambda n: set_cells(n, f"monitor-{n:06d}", self.ports, interval=INTERVAL_S))
        self.set_all(lambda n: cells(n, PollNow=POLL))
        wait_for(lambda: self.scalar("PollsTotal") >= self.count, PATIENCE_S, "a poll of each row")
        self.end()

    def forget_state(self):
        for path in state_files(self):
            os.remove(path)

    def skipped(self):
        return sum(row[0] for row in self.status("Skipped").values())


# --- starts ---

def starts(out, programs):
    """Each program by turns; what it took at best, by program."""
    took = {what: [] for what in programs}
    for _ in range(ROUNDS):
        for what, program in programs.items():
            if what == NEW:
                program.forget_state()
            took[what].append(program.begin(program.count))
            program.end()
    best = {what: [min(column) for column in zip(*runs)] for what, runs in took.items()}
    out.table(["start", "s", "processor, s", "MiB at most"], [[what, *numbers] for what, numbers in best.items()])
    return best


# --- reloads ---

class Asking:
    """Asks for a scalar all the time; `longest_s` is the longest time between two answers."""

    def __init__(self, master):
        self.client, self.ended, self.longest_s = Client(master, timeout_s=30), threading.Event(), 0
        self.thread = threading.Thread(target=self.ask, daemon=True)

    def ask(self):
        answered = time.monotonic()
        while not self.ended.wait(0.002):
            if self.client.scalar("Rows") is not None:
                before, answered = answered, time.monotonic()
                self.longest_s = max(self.longest_s, answered - before)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.client.close()


def change_nothing(_, __):
    pass


def change_one(program, turn):
    program.addition = f"    failures_before_down: {turn + 1}\n"


def change_all(program, turn):
    program.timeout_s = 20 + turn


def reload(program, change, turn):
    """[seconds until emailMonConfigLoaded moves, processor seconds, the longest time without an answer meanwhile in ms]"""
    pid = program.process.pid
    change(program, turn)
    program.write()
    before, used = program.scalar("ConfigLoaded"), measured.whole_processor_s(pid)
    with Asking(program.master) as asking:
        began = time.monotonic()
        program.process.send_signal(signal.SIGHUP)
        wait_for(lambda: program.client.scalar("ConfigLoaded") not in (None, before), PATIENCE_S, "the file")
        took = time.monotonic() - began
        time.sleep(SETTLE_S)                     # what follows may hold up a GET, too
    return [took, measured.whole_processor_s(pid) - used, asking.longest_s * 1000]


def reloads(out, program):
    changes = {"nothing": change_nothing, "one row": change_one, "all rows": change_all}
    took = {what: [] for what in changes}
    program.begin(program.count)
    skipped = program.skipped()
    for turn in range(ROUNDS):
        for what, change in changes.items():
            took[what].append(reload(program, change, turn))
    out.table(["reload, changed:", "s", "processor, s", "longest without an answer, ms"],
              [[what, *map(min, zip(*runs))] for what, runs in took.items()])
    out.say(f"Starts skipped meanwhile: {program.skipped() - skipped}; the greatest lag of a start in the last minute: "
            f"{program.scalar('SchedulerLag')} ms.")
    program.end()


def run(out, rows=str(ROWS)):
    with snmp.Master(MASTER) as master, fake.serving() as server:
        programs = {what: Big(master, server.ports, int(rows), what != MADE) for what in (NEW, KNOWN, MADE)}
        for what in KNOWN, MADE:
            programs[what].make_state()
        best = starts(out, programs)
        reloads(out, programs[KNOWN])
    if int(rows) == ROWS:
        out.figure("start_file", max(best[NEW][0], best[KNOWN][0]))
        out.figure("start_state", best[MADE][0])
