"""The agent alone, without worker, store and mail, behind a real snmpd.

tests/unit/agent/agent_stage.c feeds it monitors and events, and plays the store.
"""

import os
import subprocess
import time

import snmp
from places import DIR, TREE, wait_for

STAGE = os.environ.get("AGENT_STAGE") or os.path.join(TREE, "build", "release", "tests", "unit", "agent", "agent_stage")
ROWS = 60


class Stage:
    """agent_stage with `rows` monitors of a file; begin() has it make `events` events."""

    def __init__(self, master, rows=ROWS, events=0, gap_ms=1, files=0):
        self.command = [STAGE, master.agentx, str(rows), str(events), str(gap_ms), str(files)]
        self.master, self.rows = master, rows
        self.told = os.path.join(DIR, "agent_stage.out")

    def __enter__(self):
        os.makedirs(DIR, exist_ok=True)
        with open(os.path.join(DIR, "agent_stage.log"), "wb") as log, open(self.told, "wb") as told:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=told, stderr=log)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def serves(self):
        got = snmp.ask("snmpget", self.master.address, snmp.V2C, "-OqvU", "-r0", "-t1",
                       ["EMAIL-MONITOR-MIB::emailMonRows.0"], check=False).stdout.strip()
        return got == str(self.rows)

    def wait_serving(self, timeout_s=10):
        wait_for(self.serves, timeout_s, "the agent's table behind snmpd")

    def say(self, command):
        """One command, and its effect: the stage answers each."""
        before = self.lines().count("did " + command)
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        wait_for(lambda: self.lines().count("did " + command) > before, 5, f"the stage to be told: {command}")

    def begin(self):
        self.say("begin")

    def lines(self):
        """What the stage has told so far: orders, saves, commands."""
        with open(self.told, encoding="utf-8", errors="replace") as told:
            return told.read().splitlines()

    def end(self, timeout_s=5):
        """Returns the seconds that the end took."""
        began = time.monotonic()
        self.process.stdin.close()
        assert self.process.wait(timeout_s) == 0, "the stage failed"
        return time.monotonic() - began
