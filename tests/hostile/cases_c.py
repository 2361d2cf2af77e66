"""C: STARTTLS, and what is slipped in before it."""

import contextlib
import socket

from actions import first, hear, never, say
from case import MAIL, WELL, Play, case, every
from checks import logs_in_by, says_nothing
from session import GOOD
from world import Failed

NO_LOGIN = {"auth": never, "mail": never}
GO = {"smtp": b"220 go\r\n", "pop3": b"+OK go\r\n", "imap": b"$TAG OK go\r\n"}
MORE = {"smtp": b"250-hostile.test\r\n250 AUTH PLAIN\r\n", "pop3": b"+OK logged in\r\n", "imap": b"* OK logged in\r\n"}
PHISHING = b"call 555-0100 now"
STARTTLS_FIRST = b"530 5.7.0 Must issue a STARTTLS command first\r\n"
ONCE = {"startTls/tls": never}
NOT_TLS = "tls malformed"


def at_starttls(acts, **more):
    """Each protocol's action at STARTTLS or STLS."""
    return {at: {("stls" if at == "pop3" else "starttls"): act, **NO_LOGIN, **more} for at, act in acts.items()}


def play(at, script, ends, **more):
    return Play(at, script, ends, **{"security": "starttls", **more})


def refused(at, reply, cause, label):
    return play(at, at_starttls({at: reply})[at], "startTls " + cause, label=label)


def injected(at, octets, label):
    """Behind the go-ahead, in its segment."""
    return play(at, at_starttls({at: GO[at] + octets})[at], "startTls injection", label=label, check=no_handshake)


# --- what is looked at besides ---

def no_handshake(_world, scene, _row):
    if any(b"\x16\x03" in wire.clear for wire in scene.hostile.bad_wires):
        raise Failed("a handshake was begun")


def parted(_world, scene, _row):
    if not scene.hostile.bad_wires[0].clear.endswith(b"LOGOUT\r\n" if scene.play.at == "imap" else b"QUIT\r\n"):
        raise Failed("the client left without a word")


def not_shown(world, _scene, row):
    with open(world.log, "rb") as log:
        if PHISHING in log.read() or any(PHISHING.decode() in str(value) for value in row.values()):
            raise Failed("what anybody may have said is shown")


def alone(session, _line):
    """The client must wait for the answer to this command before it says more."""
    if session.wire.buffer:
        raise AssertionError(f"the client went on with {bytes(session.wire.buffer)!r}")
    return GOOD


# --- servers inside TLS, and out of it ---

def greet_again(session, _line):
    session.say(GO["smtp"])
    session.secure()
    session.greet(b"")


def leave_tls(session, _line):
    """A handshake, and then a line in clear."""
    session.wire.secure(session.server.context)
    session.wire.raw().sendall(MORE[session.NAME].replace(b"$TAG", b"A1"))
    session.wire.until_gone()


# --- servers that send elsewhere ---

def refers(octets):
    """Replies so, with the port of a listener that nobody should come to in place of $PORT."""
    def act(session, _line):
        server = session.server
        if not hasattr(server, "elsewhere"):
            server.elsewhere = socket.create_server(("127.0.0.1", 0))
            server.elsewhere.setblocking(False)
        session.say(octets.replace(b"$PORT", b"%d" % server.elsewhere.getsockname()[1]))
    return act


def nobody_came(_world, scene, _row):
    with contextlib.suppress(BlockingIOError):
        scene.hostile.elsewhere.accept()
        raise Failed("the client went where the server sent it")


CASES = [
    case("C01", "SMTP without the offer of STARTTLS: no login, no mail, and farewell",
         play("smtp", {"offers": [b"PIPELINING", b"AUTH PLAIN CRAM-MD5"], **NO_LOGIN}, "startTls unsupported",
              check=parted)),
    case("C02", "POP3 and IMAP without it: no login, and farewell",
         play("pop3", {"offers": [b"TOP", b"UIDL", b"USER", b"SASL PLAIN CRAM-MD5"], **NO_LOGIN},
              "startTls unsupported", check=parted),
         play("pop3", {"capa": b"-ERR no\r\n", "stls": b"-ERR no\r\n", **NO_LOGIN}, "startTls unsupported",
              check=parted, label="old"),
         play("imap", {"offers": [b"IMAP4rev1", b"AUTH=PLAIN", b"AUTH=CRAM-MD5"], **NO_LOGIN}, "startTls unsupported",
              check=parted)),
    case("C03", "A refused STARTTLS is no leave to log in in clear",
         refused("smtp", b"454 4.7.0 not now\r\n", "temporary", "454"),
         refused("smtp", b"502 what?\r\n", "permanent", "502"),
         refused("smtp", b"250 go\r\n", "malformed", "250"),
         refused("pop3", b"-ERR no\r\n", "permanent", "err"),
         refused("pop3", b"-ERR [SYS/TEMP] not now\r\n", "temporary", "temp"),
         refused("imap", b"$TAG NO no\r\n", "permanent", "no"),
         refused("imap", b"$TAG BAD what?\r\n", "permanent", "bad")),
    case("C04", "SMTP: a reply behind the go-ahead is an injection, and no handshake is begun",
         injected("smtp", b"250-hostile.test\r\n250 AUTH PLAIN\r\n", "offers"),
         injected("smtp", b"2", "one-octet"),
         injected("smtp", b"\r\n", "empty-line")),
    case("C05", "POP3: an answer behind the go-ahead is an injection",
         injected("pop3", b"+OK\r\nSASL PLAIN\r\n.\r\n", "capabilities"),
         injected("pop3", b"+OK logged in\r\n", "login"),
         injected("pop3", b"+", "one-octet")),
    case("C06", "IMAP: responses behind the go-ahead are an injection",
         injected("imap", b"B1 OK logged in\r\n* 5 EXISTS\r\n", "login"),
         injected("imap", b"* CAPABILITY IMAP4rev1\r\n", "capabilities"),
         injected("imap", b"*", "one-octet")),
    case("C07", "What comes after the go-ahead by itself is heard by TLS alone",
         every(MAIL, at_starttls({at: say(GO[at], MORE[at], every_s=0.05) for at in MAIL}), NOT_TLS,
               security="starttls")),
    case("C08", "IMAP: what was said before TLS is forgotten, and shown nowhere",
         play("imap", {"starttls": first(b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* 500 EXISTS\r\n"
                                         b"* OK [ALERT] " + PHISHING + b"\r\n* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n")},
              WELL, check=not_shown)),
    case("C09", "IMAP: PREAUTH where STARTTLS is wanted: nothing is said",
         play("imap", {"greeting": b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] come in\r\n"}, "startTls policy",
              check=says_nothing)),
    case("C10", "IMAP: PREAUTH leaves the credentials untested",
         Play("imap", {"greeting": b"* PREAUTH come in\r\n"}, "auth policy", security="tls", check=says_nothing),
         Play("imap", {"greeting": b"* PREAUTH come in\r\n"}, "auth policy", check=says_nothing)),
    case("C11", "IMAP: the first tagged answer to STARTTLS decides",
         injected("imap", b"$TAG OK go\r\n", "twice"),
         play("imap", at_starttls({"imap": say(GO["imap"], GO["imap"], every_s=0.05)})["imap"], NOT_TLS,
              label="twice-apart"),
         refused("imap", say(b"$TAG NO no\r\n", b"\x16\x03\x03\x00\x7a\x02"), "permanent", "no-and-on"),
         refused("imap", b"$TAG NO no\r\n$TAG OK go\r\n", "permanent", "no-and-ok")),
    case("C12", "A server that says yes and goes on in clear speaks no TLS",
         every(MAIL, at_starttls({at: say(GO[at], hear, MORE[at]) for at in MAIL}), NOT_TLS, security="starttls")),
    case("C13", "A server that says yes and is silent then times out at TLS",
         every(MAIL, at_starttls({at: say(GO[at]) for at in MAIL}), "tls timedOut", security="starttls")),
    case("C14", "What is offered inside TLS counts, whatever was offered before",
         every(MAIL, {"mechanisms": ("CRAM-MD5",), "mechanisms/tls": ("PLAIN",)}, WELL, security="starttls",
               check=logs_in_by("PLAIN"), label="weaker"),
         every(MAIL, {"mechanisms": (), "mechanisms/tls": ("CRAM-MD5",)}, WELL, security="starttls",
               check=logs_in_by("CRAM-MD5"), label="more"),
         play("smtp", {"offers/tls": [b"AUTH PLAIN"], "mail": alone, "rcpt": alone}, WELL, label="no-pipelining"),
         play("smtp", {"offers/tls": [b"PIPELINING"], **NO_LOGIN}, "auth unsupported", label="no-login")),
    case("C15", "SMTP: a greeting inside TLS is no answer to EHLO",
         play("smtp", {"starttls": greet_again}, "hello malformed")),
    case("C16", "STARTTLS offered inside TLS is ignored",
         [Play(at, {"offers/tls": offers, **ONCE}, WELL, security=security)
          for security in ("starttls", "tls")
          for at, offers in (("smtp", [b"STARTTLS", b"AUTH PLAIN"]), ("pop3", [b"STLS", b"USER", b"UIDL", b"TOP"]),
                             ("imap", [b"IMAP4rev1", b"STARTTLS", b"UIDPLUS"]))]),
    case("C17", "A server that wants STARTTLS inside TLS is believed, and left",
         play("smtp", {"hello/tls": STARTTLS_FIRST, **ONCE}, "hello permanent", label="hello"),
         play("smtp", {"auth/tls": STARTTLS_FIRST, **ONCE}, "auth permanent", label="auth"),
         play("smtp", {"mail/tls": STARTTLS_FIRST, **ONCE}, "mailFrom permanent", label="mail"),
         play("pop3", {"auth/tls": b"-ERR must issue STLS first\r\n", **ONCE}, "auth permanent"),
         play("imap", {"auth/tls": b"$TAG NO [PRIVACYREQUIRED] STARTTLS first\r\n", **ONCE}, "auth permanent",
              label="no"),
         play("imap", {"auth/tls": b"$TAG BAD STARTTLS first\r\n", **ONCE}, "auth permanent", label="bad"),
         Play("imap", {"auth/tls": b"$TAG BAD STARTTLS first\r\n", **ONCE}, "auth permanent", security="tls")),
    case("C18", "IMAP: after a malformed greeting a good one comes too late",
         [Play("imap", {"greeting": greeting + b"* OK come in\r\n"}, "greeting malformed", security=security,
               label=label, check=says_nothing)
          for security in ("none", "starttls", "tls")
          for label, greeting in (("words", b"hello there\r\n"), ("tagged", b"A1 OK hello\r\n"),
                                  ("status", b"* YES hello\r\n"), ("empty", b"\r\n"))]),
    case("C19", "IMAP: an ALERT that came in clear is not shown",
         play("imap", {"greeting": b"* OK [ALERT] " + PHISHING + b"\r\n"}, WELL, check=not_shown, label="greeting"),
         play("imap", {"starttls": first(b"* OK [ALERT] " + PHISHING + b"\r\n")}, WELL, check=not_shown,
              label="starttls"),
         play("imap", {"starttls": b"* OK [ALERT] " + PHISHING + b"\r\n$TAG NO no\r\n", **NO_LOGIN},
              "startTls permanent", check=not_shown, label="refused")),
    case("C20", "Nobody is followed to where a server sends its clients",
         Play("imap", {"auth": refers(b"$TAG NO [REFERRAL imap://user@127.0.0.1:$PORT/] moved\r\n")}, "auth permanent",
              security="tls", label="login", check=nobody_came),
         Play("imap", {"select": refers(b"$TAG NO [REFERRAL imap://127.0.0.1:$PORT/INBOX] moved\r\n")},
              "select permanent", security="tls", label="mailbox", check=nobody_came),
         Play("imap", {"greeting": refers(b"* BYE [REFERRAL imap://127.0.0.1:$PORT/] moved\r\n")}, "greeting shutdown",
              label="greeting", check=nobody_came),
         Play("pop3", {"auth": refers(b"-ERR moved to pop://127.0.0.1:$PORT\r\n")}, "auth permanent", security="tls",
              check=nobody_came),
         Play("smtp", {"rcpt": refers(b"551 please try <probe@[127.0.0.1]:$PORT>\r\n")}, "rcptTo permanent",
              check=nobody_came, label="551"),
         Play("smtp", {"rcpt": refers(b"251 will forward to <probe@[127.0.0.1]:$PORT>\r\n")}, WELL, check=nobody_came,
              label="251")),
    case("C21", "A line in clear after the handshake is no record of TLS",
         every(MAIL, {"tls": leave_tls}, NOT_TLS, security="tls"),
         every(MAIL, {"tls": leave_tls}, NOT_TLS, security="starttls")),
]
