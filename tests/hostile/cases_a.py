"""A: TCP, names, and time."""

import itertools
import signal
import socket
import threading
import time

import certs
import names
from actions import close, deaf, drip, half_close, repeat, reset, say, silent, urgent
from case import MAIL, STAGES, TLS_STAGES, WELL, Play, at_each_stage, case, every
from checks import shows
from server import Server, without_room
from session import GOOD
from wire import GATHERED
from world import HEALTHY, SETTLE_S, Failed

SENDING, INCOMING = ("smtp",), ("pop3", "imap")
DELETING = {"pop3": {"dele": "delete", "quit": "delete"}, "imap": {"store": "delete", "expunge": "delete"}}


# --- closed connections ---

UNCERTAIN = 3                                 # the state of a probe whose fate nobody knows (PROBE_MAYBE)
CALM_CPU = 0.5                                # more of a processor is a busy loop


def uncertain_after_the_dot(world, scene, _row):
    """Only a probe whose dot has left may still arrive."""
    states = world.probes(scene.name)
    if scene.play.at == "smtp" and ("afterDot" in scene.play.ends) != (UNCERTAIN in states):
        raise Failed(f"{scene.name}: the states of its probes are {states}")


def calm(world, scene, _row):
    """While it waits it does nothing."""
    used = world.cpu_used()
    if used > CALM_CPU:
        raise Failed(f"{scene.name}: {used:.2f} of a processor was used while it waited")


# --- slow servers ---

EVERY_S = 0.6                                 # within the timeout of 1 s


def count_up(line):
    """The line with ever greater numbers, one now and then."""
    def act(session, _line):
        for number in itertools.count(1):
            session.say(line % (number, number))
            time.sleep(EVERY_S)
    return act


# Whole lines that are no answer; those that are part of one that was asked for go on as long as the leg may last.
USELESS = {"smtp": {command: repeat(b"250-and so on\r\n", EVERY_S) for command in STAGES["smtp"]},
           "pop3": {"capa": say(b"+OK\r\n", repeat(b"X-AND-SO-ON\r\n", EVERY_S)),
                    "top": say(b"+OK\r\n", repeat(b"X-And: so on\r\n", EVERY_S))},
           "imap": {command: repeat(b"* OK and so on\r\n", EVERY_S) for command in ("authenticate", "select", "fetch")}}
ENDLESS_LISTS = {"pop3": {"stat": b"+OK 1000000 1000000\r\n", "uidl": say(b"+OK\r\n", count_up(b"%d uid%d\r\n"))},
                 "imap": {"fetch": count_up(b"* %d FETCH (UID %d FLAGS ())\r\n")}}

# As much as can be said to a server that does not read.
LONG_NAMES = {"from": "mon@" + ".".join(["a" * 60] * 4), "to": "probe@" + ".".join(["b" * 60] * 4)}


def narrow(server):
    """Its buffers take less than a probe."""
    server.door.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)


# --- names ---

DEAD, SILENT = "127.0.0.2", "127.0.0.3"       # addresses at which nobody listens, and nobody answers


def also_silent(server):
    server.kept = without_room(SILENT, server.port)


UNANSWERED = {"nothing": names.silence, "failed": names.code(names.SERVER_FAILED), "garbled": names.garbage,
              "late": names.late(6)}
NO_SUCH_NAME = {"unknown": names.code(names.NO_SUCH_NAME), "empty": names.no_address, "alias": names.alias_of_itself}
GOOD_ALL_THE_SAME = {"failed": names.code(names.SERVER_FAILED), "refused": names.code(names.REFUSED),
                     "garbled": names.garbage, "truncated": names.only_over_tcp(names.good),
                     "nothing-first": names.after(b""), "other-first": names.after(names.wrong_number)}
NO_ADDRESS = {"zero": "0.0.0.0", "zero6": "::", "multicast": "224.0.0.1", "multicast6": "ff02::1",
              "broadcast": "255.255.255.255"}


def resolves(action, ends, at=SENDING, **more):
    return every(at, {"resolve": action}, ends, **more)


def rebind(server):
    """Somebody else has a server at another address of the name, and a certificate for his own."""
    server.other = Server(server.protocol, server.mailbox, server.security, {}, (DEAD, server.port))
    server.other.context = certs.context("other-name")


def never_told(world, scene, row):
    """The other server learns nothing, and each poll asks for the name anew."""
    if any(wire.inside for wire in scene.hostile.other.wires):
        raise Failed("the other server was spoken to")
    polls, asked = row["polls"] - world.armed_at[scene.name]["polls"], world.names.asked.count(scene.host)
    if asked < polls:
        raise Failed(f"{polls} polls asked {asked} times for a name whose address does not last")


# --- a process that stands still ---

STOP_S = 4                                    # twice as long as a reply may take


def in_two(octets):
    """Half an answer; the other half when the program stands still."""
    def act(session, _line):
        session.say(octets[:len(octets) // 2])
        session.server.halfway.set()
        session.server.stopped.wait()
        session.say(octets[len(octets) // 2:])
    return act


HALVES = {"smtp": {"rcpt": in_two(b"250 2.1.5 recipient\r\n")},
          "pop3": {"capa": in_two(b"+OK\r\nTOP\r\nUIDL\r\nSASL CRAM-MD5\r\n.\r\n")},
          "imap": {"greeting": in_two(b"* OK [CAPABILITY IMAP4rev1 UIDPLUS AUTH=CRAM-MD5] hello\r\n")}}


def stand_still(world):
    scenes = world.scenes.values()
    for scene in scenes:
        scene.hostile.halfway, scene.hostile.stopped = threading.Event(), threading.Event()
    world.begin()
    for scene in scenes:
        scene.hostile.halfway.wait(SETTLE_S)
    world.process.send_signal(signal.SIGSTOP)
    for scene in scenes:
        scene.hostile.stopped.set()
    time.sleep(STOP_S)
    world.process.send_signal(signal.SIGCONT)
    polls = world.status()[HEALTHY]["polls"]
    for name in world.scenes:
        world.check_row(name, world.expect(name, WELL, 20))
    world.forget_healthy(polls + 1)           # which stood still too


# --- other protocols ---

STRANGERS = {"http": b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "ssh": b"SSH-2.0-OpenSSH_9.2p1\r\n",
             "record": b"\x15\x03\x03\x00\x02\x02\x28", "smtp": b"220 ESMTP\r\n", "pop3": b"+OK POP3\r\n",
             "imap": b"* OK IMAP4rev1\r\n"}


CASES = [
    case("A01", "A closed port is refused, at once",
         every(MAIL, {}, "connect refused", arm=lambda server: server.stop_listening(), within_s=0.5)),
    case("A02", "A SYN that nobody answers times out with the connection's clock, not the kernel's",
         every(MAIL, {}, "connect timedOut", arm=lambda server: server.fill_queue(), within_s=2.0)),
    case("A03", "Of three addresses one that works is enough",
         resolves([DEAD, "127.0.0.4", *names.GOOD], WELL, MAIL, label="refused"),
         resolves([SILENT, DEAD, *names.GOOD], WELL, MAIL, label="silent", arm=also_silent)),
    case("A04", "A reset right after the connection stands fails at the greeting",
         every(MAIL, {"greeting": reset}, "greeting closed")),
    case("A05", "A server that accepts and never speaks times out at the greeting",
         every(MAIL, {"greeting": silent}, "greeting timedOut")),
    case("A06", "A reset fails the stage that it comes in; a goodbye and a deletion are not needed",
         at_each_stage(STAGES, reset, "closed", check=uncertain_after_the_dot),
         at_each_stage(TLS_STAGES, reset, "closed", security="starttls"),
         at_each_stage(DELETING, reset, "closed", INCOMING, verdict="up"),
         every(("smtp", "imap"), {"quit": reset}, WELL, label="quit")),
    case("A07", "A closed connection fails the stage that it comes in, and the text says so",
         at_each_stage(STAGES, close, "closed", check=shows("the server closed the connection")),
         at_each_stage(DELETING, close, "closed", INCOMING, verdict="up"),
         every(("smtp", "imap"), {"quit": close}, WELL, label="quit")),
    case("A08", "A server that says no more but reads on has closed all the same",
         at_each_stage(STAGES, half_close, "closed", check=calm)),
    case("A09", "One octet at a time restarts no clock",
         at_each_stage(STAGES, drip(b"x"), "timedOut", check=calm)),
    case("A10", "Whole lines that answer nothing restart no clock; endless lists end with the leg",
         [Play(at, {command: action}, f"{STAGES[at][command]} timedOut", label=command)
          for at in MAIL for command, action in USELESS[at].items()],
         every(INCOMING, ENDLESS_LISTS, {"pop3": "search timedOut", "imap": "fetch timedOut"}, label="list")),
    case("A11", "A server that does not read is waited for, in peace",
         at_each_stage(STAGES, deaf, "timedOut", check=calm),
         every(SENDING, {"data": say(b"354 go on\r\n", deaf)}, "afterDot timedOut", settings=LONG_NAMES, arm=narrow,
               label="full")),
    case("A12", "However the answers are cut, the result is the same",
         [every(MAIL, {}, WELL, security=security, piece=1, label="octets", row={"interval": 3})
          for security in ("none", "starttls")],
         [every(MAIL, {}, WELL, security=security, piece=GATHERED, label="whole") for security in ("none", "tls")]),
    case("A13", "A name is gone when a name server says so; else its last good address serves, or nothing is known",
         [resolves(action, "resolve noSuchName", label=label) for label, action in NO_SUCH_NAME.items()],
         [resolves(action, WELL, label=label) for label, action in GOOD_ALL_THE_SAME.items()],
         [resolves(action, "local nameServer", from_start=True, verdict="unknown", within_s=6.0, label="never-" + label)
          for label, action in UNANSWERED.items()],
         resolves(names.only_over_tcp(names.many), "connect refused", label="many", check=shows("(address 8 of 8)"))),
    case("A14", "An address that no server can have is not connected to",
         [resolves([address], "connect unreachable", MAIL, label=label) for label, address in NO_ADDRESS.items()]),
    case("A15", "A name whose address changes at each look-up is held to its certificate",
         resolves(names.in_turn(*names.GOOD, DEAD), "tls certName", ("imap",), settings={"server": "hostile.test"},
                  security="tls", arm=rebind, check=never_told)),
    case("A16", "What a process finds in its buffers after it stood still came in time",
         every(MAIL, HALVES, WELL, settings={"timeout": STOP_S // 2}), drive=stand_still),
    case("A17", "Urgent data is none of the conversation",
         [every(MAIL, dict.fromkeys(("greeting", "hello", "auth", "rcptTo", "select", "search", "fetch"), urgent), WELL,
                security=security) for security in ("none", "tls")]),
    case("A18", "A server of another protocol is told from a mail server before it learns anything",
         [Play(at, {"greeting": octets}, "greeting malformed", label=label)
          for at in MAIL for label, octets in STRANGERS.items() if label != at],
         every(MAIL, {at: {"tls": STRANGERS[at]} for at in MAIL}, "tls malformed", security="tls",
               check=shows("the server speaks plain text"))),
]
