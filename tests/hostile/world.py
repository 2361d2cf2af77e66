"""One case played: its servers, a healthy row beside them, and the real program, built with sanitizers, that watches."""

import collections
import contextlib
import copy
import json
import mmap
import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

import certs
from case import PATIENT_S, WELL
from mailbox import Mailbox
from names import Names
from server import Server

TREE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("EMAILMON_BUILD") or os.path.join(TREE, "build", "asan")
PROGRAM = os.path.join(BUILD, "emailmon")
COUNTER = os.path.join(BUILD, "tests", "hostile", "libhostile_heap.so")
RUNS = os.path.join(TREE, "build", "hostile", "run")
HEALTHY = "healthy"
HEALTHY_MS, HEALTHY_POLLS = 1000, 3           # what a poll of the healthy row may take at most; how many are seen
EACH_SECOND = 10              # polls that the Python servers of many cases side by side can serve
HEAP = 1 << 20                # octets above the base: all of it, with the little that each play may add (Play.heap)
START_S, SETTLE_S = 40, 10    # for a busy machine
TEXTS = ("failure_text", "server_reply", "smtp_reply", "in_reply")


def words(table):
    """{number: word} of a .def file of src/core."""
    with open(os.path.join(TREE, "src", "core", table), encoding="ascii") as f:
        return {int(number): word for number, word in re.findall(r'^[A-Z]+\(\w+, +(\d+), +"(\w+)"', f.read(), re.M)}


STAGES, CAUSES = words("stage.def"), words("cause.def")
VERDICTS = {1: "up", 2: "down", 3: "unknown", 4: "disabled"}


class Failed(Exception):
    """What did not hold, for a person."""


class Scene:
    """One row: its play, its two servers, its mailbox."""

    def __init__(self, play):
        self.play, self.name = play, play.name
        self.mailbox = Mailbox(play.mails)
        incoming = play.incoming if play.at == "smtp" else play.at
        ours = {"security": play.security, "script": play.script}
        theirs = {"script": play.other}
        self.smtp = Server("smtp", self.mailbox, **(ours if play.at == "smtp" else theirs))
        self.box = Server(incoming, self.mailbox, **(theirs if play.at == "smtp" else ours))
        self.hostile = self.smtp if play.at == "smtp" else self.box
        self.hostile.piece = play.piece
        self.hostile.password = play.password or self.hostile.password
        self.is_named = "resolve" in play.script
        self.host = play.settings.get("server", self.name + ".test") if self.is_named else "127.0.0.1"
        if play.from_start:
            self.arm()

    def share(self, other):
        """Look into the mailbox of another scene."""
        self.box.close()
        self.box, self.mailbox = other.box, other.mailbox
        self.smtp.mailbox = self.mailbox
        self.hostile = self.smtp if self.play.at == "smtp" else self.box

    def monitor(self, interval_s):
        def leg(server):
            timeout_s = self.play.timeout_s if server is self.hostile else PATIENT_S
            settings = {"server": "127.0.0.1", "port": server.port, "security": server.security,
                        "username": server.user, "password": server.password, "timeout": timeout_s}
            if server is self.hostile:
                settings.update({"server": self.host, **self.play.settings})
            return settings
        row = {"name": self.name, "interval": interval_s,
               "smtp": {"to": "probe@hostile.test", "from": "mon@hostile.test", "auth": True, **leg(self.smtp)},
               "incoming": {"type": self.box.protocol, **leg(self.box)}}
        return {**row, **self.play.row}

    def arm(self):
        for server in (self.smtp, self.box):
            server.armed = True
        if self.play.arm:
            self.play.arm(self.hostile)


class Healthy:
    """The row beside, and its servers: in a process of their own, so that nothing that scripts do holds them up."""

    def __init__(self):
        ours, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.serve, args=(theirs,), daemon=True)
        self.process.start()
        self.monitor = ours.recv()

    @staticmethod
    def serve(to):
        mailbox = Mailbox()
        smtp, imap = Server("smtp", mailbox), Server("imap", mailbox)
        to.send({"name": HEALTHY, "interval": 1,
                 "smtp": {"server": "127.0.0.1", "port": smtp.port, "to": "a@hostile.test", "from": "b@hostile.test"},
                 "incoming": {"server": "127.0.0.1", "port": imap.port, "username": imap.user,
                              "password": imap.password}})
        signal.pause()

    def stop(self):
        self.process.kill()
        self.process.join()


class World:
    """`with World(case) as world:` runs the program; the methods are what a case's drive() works with."""

    def __init__(self, case):
        self.case = case
        self.folder = os.path.join(RUNS, case.number)
        self.file, self.log = os.path.join(self.folder, "emailmon.yaml"), os.path.join(self.folder, "log")
        self.state, self.heap_file = os.path.join(self.folder, "state.db"), os.path.join(self.folder, "heap")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.scenes = {play.name: Scene(play) for play in case.plays}
        assert len(self.scenes) == len(case.plays), "two plays of one name: give one a label"
        for scene in self.scenes.values():
            if scene.play.shares:
                scene.share(self.scenes[scene.play.shares])
        self.healthy = Healthy()
        self.healthy_before = 0               # so many of its polls do not count
        self.healthy_seen = {}                # its later polls -> ms
        self.settings = {"agentx": "unix:" + os.path.join(self.folder, "nobody"), "state": self.state,
                         "tls": {"ca_file": certs.CA}}
        named = {scene.host: scene.hostile for scene in self.scenes.values() if scene.is_named}
        if named:
            self.names = Names(named)
            self.settings["dns"] = f"127.0.0.1:{self.names.port}"
        self.interval_s = 1 + len(self.scenes) // EACH_SECOND
        self.process = None
        self.at_rest = False                  # no row polls
        self.base = 0

    def __enter__(self):
        self.write()
        with open(self.heap_file, "wb") as f:
            f.write(bytes(16))
        with open(self.heap_file, "r+b") as f:
            self.heap = mmap.mmap(f.fileno(), 16)
        self.start()
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.process.kill()
                self.process.wait()
        self.healthy.stop()
        for server in (s for scene in self.scenes.values() for s in (scene.smtp, scene.box)):
            server.close()

    @contextlib.contextmanager
    def clone(self):
        """A second program, with a copy of the state and the key, that watches the hostile rows too."""
        other = copy.copy(self)
        other.folder = self.folder + "-clone"
        os.makedirs(other.folder, exist_ok=True)
        for name in ("file", "log", "state", "heap_file"):
            setattr(other, name, os.path.join(other.folder, os.path.basename(getattr(self, name))))
        other.settings = {**self.settings, "state": other.state}
        other.monitors = lambda: [scene.monitor(self.interval_s) for scene in self.scenes.values()]
        with contextlib.closing(sqlite3.connect(self.state)) as of, contextlib.closing(sqlite3.connect(other.state)) as to:
            of.backup(to)
        shutil.copy(self.state + ".key", other.state + ".key")
        shutil.copy(self.heap_file, other.heap_file)
        other.write()
        other.start()
        try:
            yield other
        finally:
            other.stop()

    # --- the program ---

    def monitors(self):
        rows = [*(scene.monitor(self.interval_s) for scene in self.scenes.values()), self.healthy.monitor]
        return [{**row, "enabled": False} for row in rows] if self.at_rest else rows

    def write(self):
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            json.dump({**self.settings, "monitors": self.monitors()}, f, indent=1)

    def start(self):
        runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        environment = {**os.environ, "LD_PRELOAD": f"{runtime} {COUNTER}", "EMAILMON_HEAP": self.heap_file,
                       "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
                       "LSAN_OPTIONS": "suppressions=" + os.path.join(TREE, "tests", "lsan.supp")}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "run", "-c", self.file], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=environment, cwd=self.folder)

    def rest(self):
        """No row polls from now on."""
        self.at_rest = True
        self.write()
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """As an administrator does; the sanitizers have their last word."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(SETTLE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed("emailmon does not end") from None
        if code != 0:
            raise Failed(f"emailmon ended with {code}")

    # --- what is seen of it ---

    def select(self, query, *values):
        """The rows of a query to the state."""
        with contextlib.suppress(sqlite3.Error), contextlib.closing(
                sqlite3.connect(f"file:{self.state}?mode=ro", uri=True, timeout=2)) as state:
            state.row_factory = sqlite3.Row
            return [dict(row) for row in state.execute(query, values)]
        return []

    def status(self):
        """{row name: {column of the state: value}}"""
        rows = {row["name"]: row for row in self.select("SELECT * FROM row WHERE verdict IS NOT NULL")}
        healthy = rows.get(HEALTHY)
        if healthy and healthy["polls"] > self.healthy_before:
            self.healthy_seen[healthy["polls"]] = healthy["poll_ms"]
        return rows

    def probes(self, name):
        """The states (enum probe_state) of a row's probes that are neither found nor given up."""
        return [probe["state"] for probe in self.select(
            "SELECT CASE WHEN state = 1 AND (time_s, nonce) = (sent_time, sent_nonce) THEN sent_state"
            " ELSE state END AS state"
            " FROM probe JOIN row USING (serial) WHERE name = ? AND state < 5", name)]

    def first_down(self, name):
        """"stage cause" of the row's first event down."""
        event, = self.select("SELECT * FROM event WHERE name = ? AND new = 2 ORDER BY seq LIMIT 1", name)
        return f"{STAGES[event['stage']]} {CAUSES[event['cause']]}"

    def downs(self, name):
        """["stage cause"] of all the times that the row went down."""
        return [f"{STAGES[down['stage']]} {CAUSES[down['cause']]}"
                for down in self.select("SELECT stage, cause FROM event WHERE name = ? AND kind = 1", name)]

    def heap_now(self):
        return struct.unpack_from("q", self.heap, 0)[0]

    def heap_most(self):
        return struct.unpack_from("q", self.heap, 8)[0]

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cpu_used(self):
        """How much of a processor it took since the base was noted."""
        return (self.cpu_s() - self.base_cpu_s) / (time.monotonic() - self.base_at_s)

    def waited_s(self):
        """How long its threads, taken together, have waited for a processor that others used."""
        waited_ns = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{self.process.pid}/task/{thread}/schedstat",
                                                    encoding="ascii") as f:
                waited_ns += int(f.read().split()[1])
        return waited_ns / 1e9

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wait(self, condition, what, timeout_s):
        """Until condition(status) is true; that status."""
        end = time.monotonic() + timeout_s
        while True:
            status = self.status()
            if status and condition(status):
                return status
            if self.process.poll() is not None:
                raise Failed(f"emailmon ended with {self.process.returncode}")
            if time.monotonic() > end:
                raise Failed(f"waited {timeout_s:.0f} s in vain for {what}\n{describe(status)}")
            time.sleep(0.1)

    # --- the steps of a play ---

    def begin(self, prepare=None):
        """A good round trip, then the script.  prepare(world, scene): what is done with each mailbox in between."""
        self.wait_good()
        self.note_base()
        for scene in self.scenes.values():
            if prepare:
                prepare(self, scene)
        self.arm()

    def wait_good(self, names=None):
        """Until the rows have brought a probe home."""
        wanted = [HEALTHY, *(names or (name for name, scene in self.scenes.items() if not scene.play.from_start))]
        self.wait(lambda now: all(name in now and now[name]["delivered"] >= 1 and now[name]["verdict"] == 1
                                  for name in wanted), "a first round trip", START_S)

    def note_base(self):
        self.base, self.base_descriptors = self.heap_now(), self.descriptors()
        self.base_cpu_s, self.base_at_s = self.cpu_s(), time.monotonic()
        struct.pack_into("q", self.heap, 8, self.base)

    def arm(self):
        self.armed_at = self.status()
        self.waited_before_s = self.waited_s()
        self.forget_healthy(self.armed_at[HEALTHY]["polls"])
        for scene in self.scenes.values():
            if not scene.hostile.armed:
                scene.arm()

    def expect(self, name, ends, timeout_s):
        """Until the row's poll ends so; its status then."""
        play, before = self.scenes[name].play, self.armed_at.get(name, collections.Counter())
        part = "smtp" if play.at == "smtp" else "in"

        def holds(now):
            row = now.get(name)
            if row is None:
                return False
            if ends == WELL:
                return (row["polls"] >= before["polls"] + 3 and row["delivered"] >= before["delivered"] + 2
                        and row["polls_failed"] == before["polls_failed"])
            return ends in ((ending(row, "failure"),) if ends.split()[0] in ("delivery", "local")
                            else (ending(row, part),))
        return self.wait(holds, f"{name} to end {ends}", timeout_s + 3 * self.interval_s)[name]

    # --- what must hold in every case ---

    def check_row(self, name, row):
        scene = self.scenes[name]
        play = scene.play
        verdict = play.verdict or ("up" if play.ends == WELL else "down")
        if VERDICTS[row["verdict"]] not in verdict.split():
            raise Failed(f"{name} is {VERDICTS[row['verdict']]}, not {verdict}")
        took_ms = row["send_ms" if play.at == "smtp" else "look_ms"]
        late_s = self.waited_s() - self.waited_before_s    # none on a machine with nothing else to do
        if took_ms > (play.within_s + late_s) * 1000:
            raise Failed(f"{name}: the leg took {took_ms} ms")
        for column in TEXTS:
            text = row[column] or ""
            if len(text) > 255 or not re.fullmatch(r"[\x20-\x7e]*", text):
                raise Failed(f"{name}: {column} is no printable ASCII of 255 octets: {text!r}")
        if play.check:
            play.check(self, scene, row)

    def check_secrets(self):
        with open(self.log, "rb") as f:
            log = f.read()
        texts = [str(row[column]).encode() for row in self.status().values() for column in TEXTS]
        for name, scene in self.scenes.items():
            for server in (scene.smtp, scene.box):
                for secret in server.secrets():
                    if any(secret in wire.clear for wire in server.wires):
                        raise Failed(f"{name}: the password went over the network in clear")
                    if secret in log or any(secret in text for text in texts):
                        raise Failed(f"{name}: the password stands in a log or a text")
                if server.mistakes:
                    raise Failed(f"{name}: the script failed: {server.mistakes}")

    def check_foreign(self):
        for name, scene in self.scenes.items():
            standing = [mail.octets for mail in scene.mailbox.list()]
            if any(octets not in standing for octets in scene.play.mails):
                raise Failed(f"{name}: a mail of somebody else is gone")

    def check_heap(self):
        allowed = HEAP + sum(scene.play.heap for scene in self.scenes.values())
        if self.heap_most() - self.base > allowed:
            raise Failed(f"{self.heap_most() - self.base} octets above the base, {allowed} are allowed")

    def forget_healthy(self, polls):
        """So many polls of the healthy row do not count."""
        self.healthy_before = polls
        self.healthy_seen = {number: ms for number, ms in self.healthy_seen.items() if number > polls}

    def check_healthy(self):
        """Its polls are in time, but for what a busy machine kept emailmon waiting, and its servers likewise."""
        now = self.wait(lambda _: len(self.healthy_seen) >= HEALTHY_POLLS, "polls of the healthy row", SETTLE_S)
        late_ms = 2000 * (self.waited_s() - self.waited_before_s)
        if max(self.healthy_seen.values()) >= HEALTHY_MS + late_ms:
            raise Failed(f"the healthy row was disturbed: polls took {self.healthy_seen} ms, {late_ms:.0f} ms of all by others")
        if now[HEALTHY]["polls_failed"] != 0:
            raise Failed("the healthy row failed")

    def check_descriptors(self):
        """Connections end with their polls."""
        end = time.monotonic() + SETTLE_S
        while self.descriptors() > self.base_descriptors:
            if time.monotonic() > end:
                raise Failed(f"{self.descriptors()} descriptors, {self.base_descriptors} before")
            time.sleep(0.01)

    def check(self):
        self.check_secrets()
        self.check_foreign()
        self.check_heap()
        self.check_healthy()
        self.rest()
        self.check_descriptors()


def ending(row, part):
    """"stage cause" of a leg, or of the poll."""
    return f"{STAGES[row[part + '_stage']]} {CAUSES[row[part + '_cause']]}"


def describe(status):
    """Each row in a line."""
    return "\n".join(f"  {name} is {VERDICTS[row['verdict']]}; smtp {ending(row, 'smtp')}, incoming {ending(row, 'in')}; "
                     f"polls {row['polls']}, delivered {row['delivered']}; {row['failure_text']}"
                     for name, row in status.items())


def one_bad_poll(world, prepare=None):
    """What a case is when it says nothing else."""
    world.begin(prepare)
    for name, scene in world.scenes.items():
        row = world.expect(name, scene.play.ends, scene.play.within_s + SETTLE_S)
        world.check_row(name, row)


def recovers(world):
    """The same, and then a good server: whatever the bad one left behind, every row is up again."""
    one_bad_poll(world)
    for scene in world.scenes.values():
        scene.hostile.armed = False
    before = world.status()
    world.wait(lambda now: all(now[name]["verdict"] == 1 and now[name]["delivered"] >= before[name]["delivered"] + 2
                               for name in world.scenes), "all rows to bring probes home again", 2 * SETTLE_S)


def play(case):
    """Play a case: (None, or what did not hold with the end of the log; octets that the heap grew by)."""
    grown = 0
    try:
        with World(case) as world:
            (case.drive or one_bad_poll)(world)
            world.check()
            grown = world.heap_most() - world.base
        return None, grown
    except Failed as error:
        with open(os.path.join(RUNS, case.number, "log"), encoding="utf-8", errors="replace") as log:
            return f"{error}\n" + "\n".join(log.read().splitlines()[-20:]), grown
