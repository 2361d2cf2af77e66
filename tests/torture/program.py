"""An emailmon that is killed and started again, before mail servers that do as they are told."""

import contextlib
import glob
import os
import resource
import sqlite3

import fake
import places
import processes
import snmp
from client import ALARMS, CREATE_AND_GO, DOWN, Client, cells
from emailmon import SENDER, Emailmon
from places import LabError, wait_for

MASTER = 60                   # the number of these tests' own snmpd; those side by side go on from there


class Program(Emailmon):
    """Rows that SETs make come on top of the file's."""

    def __init__(self, rows, master, **settings):
        super().__init__(rows, master, **settings)
        self.client = Client(master, timeout_s=1)

    def serves(self):
        if self.process.poll() is not None:
            raise LabError(f"emailmon ended at once ({self.process.returncode}): {self.log_tail(3)}")
        rows, loaded = self.client.scalar("Rows"), self.client.scalar("ConfigLoaded")
        return rows is not None and rows >= len(self.rows) and any(loaded or b"")

    def kill(self):
        """SIGKILL; one that has ended before is a failure."""
        if self.process.poll() is not None:
            raise LabError(f"emailmon had ended by itself ({self.process.returncode}): {self.log_tail(5)}")
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        self.client.close()

    def patient(self, read, what):
        """`read(client)`, again when snmpd or the agent was busy, or away."""
        def answered():
            with contextlib.suppress(TimeoutError):
                return [read(self.client)]
            return None
        return wait_for(answered, 10, f"an answer: {what}")[0]

    def status(self, *names):
        """{index: [values]}"""
        return self.patient(lambda client: client.status(*names), names)

    def scalar(self, name):
        return wait_for(lambda: [v for v in [self.client.scalar(name)] if v is not None], 10, name)[0]

    def alarm(self, name):
        return bool((self.scalar("Alarms") or b"\0")[0] & ALARMS[name])

    def wait_alarm(self, name, on, timeout_s=5):
        wait_for(lambda: self.alarm(name) == on, timeout_s, f"the alarm {name} {'on' if on else 'off'}")

    def limit(self, which, soft=None):
        """Set a soft limit (resource.RLIMIT_...) of the running program; None: as high as its hard one."""
        _, hard = resource.prlimit(self.process.pid, which)
        resource.prlimit(self.process.pid, which, (hard if soft is None else soft, hard))

    def arrived(self):
        """The numbers of the events that reached the console, in that order."""
        return [int(trap["emailMonEventSeq"]) for trap in self.master.traps() if "emailMonEventSeq" in trap]

    def events_on_disk(self):
        """How many the state holds, also while snmpd cannot be asked."""
        with contextlib.closing(sqlite3.connect(f"file:{self.settings['state']}?mode=ro", uri=True)) as state:
            return state.execute("SELECT count(*) FROM event").fetchone()[0]

    def threads(self):
        """The names of its threads; none: it has ended."""
        names = []
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/comm"):
            with contextlib.suppress(OSError), open(path, encoding="ascii") as comm:
                names.append(comm.read().strip())
        return names

    def resident_kib(self):
        return processes.memory_kib(self.process.pid, "VmRSS")

    def wait_polls(self, indexes, more, timeout_s):
        """Until each of these rows has finished so many more polls."""
        base = {index: row[0] for index, row in self.status("Polls").items()}

        def polled():
            now = self.status("Polls")
            return all(now[index][0] >= base[index] + more for index in indexes)
        wait_for(polled, timeout_s, f"{more} more polls of {len(indexes)} rows")

    def names(self):
        """{index: name}"""
        rows = self.patient(lambda client: client.config("Name"), "Name")
        return {index: row[0].decode() for index, row in rows.items()}

    def wait_polled(self, polls, timeout_s=20, indexes=()):
        """Until each row (of these) has finished so many polls."""
        wait_for(lambda: all(row[0] >= polls for index, row in self.status("Polls").items()
                             if not indexes or index in indexes), timeout_s, f"{polls} polls of each row")

    def log_lines(self, word):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return [line.rstrip("\n") for line in log if word in line]


def set_cells(index, name, ports, interval=2, **more):
    """createAndGo of a row at a fake server."""
    return cells(index, Name=name, Device=fake.HOST, Interval=interval, SmtpPort=ports["smtp"],
                 SmtpTo=f"{name}@fake.test", SmtpFrom=SENDER, InPort=ports["imap"], InUsername=name,
                 InPassword="anything", InPlaintextAuth=1, **more, RowStatus=CREATE_AND_GO)


@contextlib.contextmanager
def watching(rows, **settings):
    """A master and a program that watches `rows`; it is ended as an administrator does."""
    settings = {"limits": {"in_flight": 1000, "per_host": 50}, **settings}
    with snmp.Master(MASTER + places.slot) as master, Program(rows, master, **settings) as program:
        yield program


def check_none_is_down(program, indexes, when):
    """Rows whose servers never failed."""
    rows = program.status("OperStatus", "PollsFailed", "FailureText")
    bad = {index: rows[index] for index in indexes if rows[index][0] == DOWN or rows[index][1] != 0}
    assert not bad, f"{when}: {len(bad)} rows failed that had no reason to: {dict(list(bad.items())[:3])}"


def state_files(program):
    folder = os.path.dirname(program.settings["state"])
    return [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("state.db")]
