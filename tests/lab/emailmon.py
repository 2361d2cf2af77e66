"""One emailmon: its file, its process, and its table as a console sees it."""

import contextlib
import copy
import itertools
import json
import os
import shutil
import signal
import subprocess

import certs
import snmp
import users
import places
from listeners import DNS, LISTENERS
from places import DIR, TREE, LabError, wait_for

PROGRAM = os.environ.get("EMAILMON") or os.path.join(TREE, "build", "release", "emailmon")
WORKERS = int(os.environ.get("WORKERS") or 1)
RUNS = os.path.join(DIR, "run")
SENDER = "emailmon@" + users.DOMAIN
CLEAR_LOGINS = ("plain", "login", "user")    # no mechanism among them that hides the password

started = []                                 # every Emailmon of the present test, for its report


def leg(door):
    """The settings of one leg that say where and how."""
    return {"server": door.name, "port": door.port, "security": door.security,
            "plaintext_auth": door.security == "none" and door.login in CLEAR_LOGINS}


def monitor(name, user="u1", smtp="smtp/none/noauth", incoming="imap/none/plain", detail="", **changes):
    """A monitor's definition: two doors (keys of LISTENERS) and a user.  `changes`: smtp__port=1 sets smtp.port."""
    password = users.passwords()[user]
    door_out, door_in = LISTENERS[smtp], LISTENERS[incoming]
    row = {
        "name": name,
        "interval": 1,
        "smtp": {**leg(door_out), "to": users.address(user, detail), "from": SENDER},
        "incoming": {**leg(door_in), "type": door_in.protocol, "username": user, "password": password},
    }
    if door_out.login != "noauth":
        row["smtp"].update(auth=True, username=user, password=password)
    for path, value in changes.items():
        part, _, key = path.rpartition("__")
        (row[part] if part else row)[key] = value
    return row


class Emailmon:
    """A program with a folder of its own.  Started by `with`; ended with it.  `environment`: more, for it alone."""

    numbers = itertools.count(1)

    def __init__(self, rows, master, environment=None, **settings):
        self.rows, self.master = copy.deepcopy(rows), master
        self.folder = os.path.join(RUNS, f"{places.slot}.{next(self.numbers)}")
        self.settings = {"agentx": master.agentx, "state": os.path.join(self.folder, "state.db"),
                         "dns": "%s:%d" % DNS, "tls": {"ca_file": certs.CA}, "workers": WORKERS, **settings}
        self.file = os.path.join(self.folder, "emailmon.yaml")
        self.log = os.path.join(self.folder, "log")
        self.command = ["setpriv", "--pdeathsig", "TERM", PROGRAM]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.write()

    def write(self):
        """The file, in the part of YAML that is JSON: what is written is what was meant, odd passwords too."""
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            json.dump({**self.settings, "monitors": self.rows}, f, ensure_ascii=False, indent=1)

    def __enter__(self):
        started.append(self)
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, wait=True):
        """Start it; it ends with us, however we end.  `wait`: until its table is served."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.command, "run", "-c", self.file], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder, env=self.environment)
        if wait:
            self.wait_serving(10)

    def wait_serving(self, timeout_s):
        wait_for(self.serves, timeout_s, "emailmon's table behind snmpd")

    def serves(self):
        if self.process.poll() is not None:
            raise LabError(f"emailmon ended at once ({self.process.returncode}): {self.log_tail(1)}")
        rows = snmp.ask("snmpget", self.master.address, snmp.V2C, "-OqvU", "-r0", "-t1",
                        ["EMAIL-MONITOR-MIB::emailMonRows.0"], check=False).stdout.strip()
        return rows == str(len(self.rows))

    def stop(self, number=signal.SIGTERM, timeout_s=15):
        """End it as an administrator does; one that has to be killed, or has died before, is a failure."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise LabError(f"emailmon did not end within {timeout_s} s") from None
        if self.process.returncode != 0:
            raise LabError(f"emailmon ended with {self.process.returncode}: {self.log_tail(5)}")

    def reload(self):
        self.write()
        self.process.send_signal(signal.SIGHUP)

    def run(self, *arguments, timeout_s=150):
        """Another command of the program with the same file: (exit code, standard output, standard error)."""
        command = [PROGRAM, arguments[0], "-c", self.file, *arguments[1:]]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=self.folder,
                              timeout=timeout_s, check=False)
        return done.returncode, done.stdout, done.stderr

    def log_tail(self, lines=30):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "\n".join(log.read().splitlines()[-lines:])

    # --- what a person sees ---

    def status(self):
        """{row name: {key: value}} as `emailmon status --json` shows it."""
        code, printed, error = self.run("status", "--json")
        if code != 0:
            raise LabError(f"emailmon status ends with {code}: {error.strip()}")
        return {row["name"]: row for row in json.loads(printed)["monitors"]}

    def wait_status(self, condition, what, timeout_s=10):
        """`emailmon status` reads a file that is written every few seconds: wait until that has caught up."""
        return wait_for(lambda: condition(self.status()), timeout_s, f"{what} in emailmon status")

    # --- what a console sees ---

    def table(self):
        """{row name: {object without "emailMon": value}} of every status.  A walk takes several requests, and a poll
        may end between two of them: then it is walked again, though not for ever."""
        for _ in range(3):
            found = self.walk_table()
            polls = {index: row.get("Polls") for index, row in found.items()}
            if polls == self.master.column("emailMonPolls"):
                break
        names = self.master.column("emailMonName")
        return {name: found.get(index, {}) for index, name in names.items()}

    def walk_table(self):
        """{index: {object without "emailMon": value}}"""
        found = {}
        walked = self.master.walk("EMAIL-MONITOR-MIB::emailMonStatusTable", options=("-OQsU", "-Cr50"))
        for cell, value in snmp.parsed(walked).items():
            column, _, index = cell.rpartition(".")
            found.setdefault(int(index), {})[column.removeprefix("emailMon")] = value
        return found

    def wait_table(self, condition, timeout_s, what):
        """Read the table until `condition(table)` holds; that table.  LabError shows the last one's misfits."""
        seen = {}

        def holds():
            seen.update(self.table())
            return seen if condition(seen) else None
        try:
            return wait_for(holds, timeout_s, what)
        except LabError as error:
            raise LabError(f"{error}; the table: {summary(seen)}") from None

    def wait_rows(self, condition, timeout_s, what):
        """Wait until `condition(row)` has held once for every row; {name: the row as it was then}."""
        held = {}

        def all_held():
            last = self.table()
            for name, row in last.items():
                if row and name not in held and condition(row):
                    held[name] = row
            missing = {name: row for name, row in last.items() if name not in held}
            all_held.missing = missing
            return last and not missing
        try:
            wait_for(all_held, timeout_s, what)
        except LabError as error:
            raise LabError(f"{error}; not so: {summary(all_held.missing)}") from None
        return held

    def traps(self, kind):
        """The notifications of one kind (emailMonDown) that arrived so far."""
        return [trap for trap in self.master.traps() if trap.get("snmpTrapOID") == kind]


def verdict(row):
    return row.get("OperStatus"), row.get("Proof")


def failure(row):
    return row.get("FailureLeg"), row.get("FailureStage"), row.get("FailureCause")


def summary(table, most=6):
    """A few rows of a table in words."""
    lines = [f"{name} is {row.get('OperStatus')}/{row.get('Proof')} {'/'.join(map(str, failure(row)))} after "
             f"{row.get('Polls')} polls ({row.get('FailureText')}; {row.get('ServerReply')})"
             for name, row in table.items()]
    more = f" and {len(lines) - most} more" if len(lines) > most else ""
    return "\n    ".join([""] + lines[:most]) + more


@contextlib.contextmanager
def watching(rows, number=0, **settings):
    """A master and an emailmon that watches `rows`."""
    with snmp.Master(number) as master, Emailmon(rows, master, **settings) as program:
        yield program
