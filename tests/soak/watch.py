"""Watches an emailmon for as long as it is told: what it holds, and whether each verdict has a reason."""

import datetime
import os
import threading
import time
from dataclasses import dataclass, field

import mailbox
from client import DOWN, EVENTS, STATUS, STATUSES, TABLE, UNKNOWN, UP, COLUMNS, Client

SAMPLE_S, READ_S = 0.25, 2.5
RECOVERY_S = 60               # a poll that began amid a disturbance, the queue's next try, a probe sent, one found
CLOCK_S = 1                   # by which a disturbance's beginning may be behind its first victim
PATIENCE_S = 40               # of a read, while snmpd or emailmon is away
EVENT_COLUMNS = [EVENTS + (field_number,) for field_number in (3, 5, 7, 12)]       # time, name, new, text
STATUS_NAMES = ("OperStatus", "Polls", "PollsFailed", "Outstanding", "Lost", "Forged", "FailureText")


@dataclass
class Trouble:
    """A disturbance that was: whom it may trouble, from when to when.  `victims`: who went down in its time."""
    name: str
    troubles: object
    began: float
    ended: float = 0
    victims: set = field(default_factory=set)

    def explains(self, path, when):
        return self.troubles(path) and self.began - CLOCK_S <= when <= (self.ended or time.time()) + RECOVERY_S


@dataclass
class Window:
    """The least of what the process held since the last line: peaks are polls in flight."""
    ended: float = 0              # by time.monotonic()
    resident_kib: int = 1 << 40
    anonymous_kib: int = 1 << 40
    descriptors: int = 1 << 40
    threads: int = 1 << 40
    probes: int = 1 << 40         # of emailmon's in all mailboxes of real servers
    lag_ms: int = 0               # the greatest

    def whole(self):
        """Whether anything was seen of everything."""
        return max(self.resident_kib, self.probes) < 1 << 40


class Watch(threading.Thread):
    def __init__(self, program, paths, users):
        super().__init__(daemon=True)
        self.program, self.paths, self.users = program, paths, users
        self.client = Client(program.master, timeout_s=2)
        self.troubles, self.false, self.gone_down = [], [], 0
        self.last_event = 0
        self.window, self.rows = Window(), {}
        self.over, self.failure = threading.Event(), None

    # --- disturbances ---

    def began(self, disturbance):
        self.troubles.append(Trouble(disturbance.name, disturbance.troubles, time.time()))

    def ended(self):
        self.troubles[-1].ended = time.time()

    def blame(self, name, when, what):
        """Down (or unknown) needs a reason."""
        path = self.paths.get(name)
        if path and not path.well:
            return
        reasons = [t for t in self.troubles if path and t.explains(path, when)]
        for trouble in reasons:
            trouble.victims.add(name)
        if not reasons:
            self.false.append(f"{time.strftime('%H:%M:%S', time.gmtime(when))} {name}: {what}")

    # --- the thread ---

    def run(self):
        try:
            due = 0
            while not self.over.wait(SAMPLE_S):
                self.sample()
                if time.monotonic() >= due:
                    self.read()
                    due = time.monotonic() + READ_S
        except Exception as error:                # told by check(), in the main thread
            self.failure = error

    def check(self):
        if self.failure:
            raise self.failure
        assert not self.false, "down or unknown without a reason:\n    " + "\n    ".join(self.false[:20])

    def end(self):
        self.over.set()
        self.join()
        self.client.close()

    # --- what the process holds ---

    def sample(self):
        pid, w = self.program.process.pid, self.window
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            said = dict(line.split(":", 1) for line in status)
        w.resident_kib = min(w.resident_kib, int(said["VmRSS"].split()[0]))
        w.anonymous_kib = min(w.anonymous_kib, int(said["RssAnon"].split()[0]))
        w.threads = min(w.threads, int(said["Threads"]))
        w.descriptors = min(w.descriptors, len(os.listdir(f"/proc/{pid}/fd")))

    def take_window(self):
        """What was seen since the last call."""
        taken, self.window = self.window, Window()
        return taken

    # --- what it says ---

    def patient(self, read):
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return read()
            except TimeoutError:
                if time.monotonic() > end or self.over.is_set():
                    raise

    def read(self):
        self.window.probes = min(self.window.probes, sum(mailbox.probes(user) for user in self.users))
        names = self.patient(lambda: self.client.walk(TABLE + (COLUMNS["Name"][0],)))
        statuses = self.patient(lambda: self.client.walk(*(STATUS + (STATUSES[name],) for name in STATUS_NAMES)))
        now = time.time()
        self.rows = {names[index][0].decode(): dict(zip(STATUS_NAMES, status))
                     for index, status in statuses.items() if index in names}
        self.window.lag_ms = max(self.window.lag_ms, self.client.scalar("SchedulerLag") or 0)
        for name, row in self.rows.items():
            unknown = row["OperStatus"] == UNKNOWN and row["FailureText"]    # without: turned on, and not polled yet
            if row["OperStatus"] == DOWN or unknown:
                self.blame(name, now, f"is {row['OperStatus']}: {row['FailureText'].decode()}")
        self.read_events()

    def read_events(self):
        events = self.patient(lambda: self.client.walk(*EVENT_COLUMNS, after=self.last_event))
        for seq, (when, name, new, text) in sorted(events.items()):
            self.last_event = seq
            if new in (DOWN, UNKNOWN):
                self.gone_down += 1
                self.blame(name.decode(), seconds_of(when), f"event {seq}, to {new}: {text.decode()}")

    def not_up(self):
        """Names of monitors that should be up and are not, as of the last reading."""
        return [name for name, row in self.rows.items() if self.paths[name].well and row["OperStatus"] != UP]

    def not_down(self, troubles):
        """Names of monitors that a disturbance troubles and that are not down yet."""
        return [name for name, row in self.rows.items() if troubles(self.paths[name]) and row["OperStatus"] != DOWN]

    def down(self):
        return sum(row["OperStatus"] == DOWN for row in self.rows.values())

    def total(self, column):
        return sum(row[column] for row in self.rows.values())


def seconds_of(date_and_time):
    """RFC 2579's DateAndTime, of 11 octets, in seconds of time.time()."""
    year, month, day, hour, minute, second, tenths = (int.from_bytes(date_and_time[:2], "big"), *date_and_time[2:8])
    sign = -1 if date_and_time[8:9] == b"-" else 1
    zone = datetime.timezone(sign * datetime.timedelta(hours=date_and_time[9], minutes=date_and_time[10]))
    return datetime.datetime(year, month, day, hour, minute, min(second, 59), tenths * 100000, zone).timestamp()
