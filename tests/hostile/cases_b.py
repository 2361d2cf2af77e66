"""B: lines and replies."""

import base64
import itertools
import re

from actions import amended, first, flood, in_turn, last, say, silent
from case import INCOMING, MAIL, STAGES, WELL, Play, at_each_stage, case, every
from checks import column, shows

SMTP, POP3, IMAP = ("smtp",), ("pop3",), ("imap",)
GOOD = {"smtp": b"250 %s\r\n", "pop3": b"+OK %s\r\n", "imap": b"* OK %s\r\n"}
REFUSED_LOGIN = {"smtp": b"535 %s\r\n", "pop3": b"-ERR [AUTH] %s\r\n", "imap": b"$TAG NO [AUTHENTICATIONFAILED] %s\r\n"}
REFUSAL = {"smtp": b"550 %s\r\n", "pop3": b"-ERR %s\r\n", "imap": b"$TAG NO %s\r\n"}
FEW = {"smtp": {"greeting": "greeting", "rcpt": "rcptTo", "dot": "afterDot"},
       "pop3": {"greeting": "greeting", "stat": "search"}, "imap": {"greeting": "greeting", "select": "select"}}


def malformed(line, stages=FEW, label=""):
    """The line, different for each protocol or for all alike, instead of the right reply."""
    return [at_each_stage(stages, line[at] if isinstance(line, dict) else line, "malformed", (at,), label=label)
            for at in stages]


def good(words):
    return {at: line % words for at, line in GOOD.items()}


# --- line ends ---

def bare_lf(octets):
    """LF alone ends all lines but those of literals."""
    done = b""
    while (literal := re.search(rb"\{(\d+)\}\r\n", octets)):
        begin, end = literal.end(), literal.end() + int(literal[1])
        done += octets[:begin].replace(b"\r\n", b"\n") + octets[begin:end]
        octets = octets[end:]
    return done + octets.replace(b"\r\n", b"\n")


# --- words ---

HOSTILE_WORDS, SHOWN_WORDS = b"\xff\xfe \xc3\x28 \x1b[31m %n%s%n \x07\x7f", r"\xFF\xFE \xC3( \x1B[31m %n%s%n \x07\x7F"


def refused_with_words(at, stage, word):
    return Play(at, {stage: REFUSAL[at] % HOSTILE_WORDS}, word + " permanent", label=stage,
                check=column("LEG_reply", lambda text: SHOWN_WORDS in text, "escaped"))


# --- answers too many ---

def next_tag(words):
    """After the right reply, in the same segment, one to a command that was not sent yet."""
    def act(session, line):
        number = int(session.tag[4:]) + 1
        session.say(session.right(line) + session.tag[:4] + b"%d " % number + words)
    return act


AHEAD = {"smtp": [("greeting", b"250 hello\r\n", "hello"), ("ehlo", b"235 2.7.0 welcome\r\n", "auth")],
         "pop3": [("greeting", b"+OK\r\nUSER\r\n.\r\n", "hello"), ("capa", b"+OK welcome\r\n", "auth"),
                  ("uidl", b"+OK\r\n.\r\n", "fetch")],
         "imap": [("greeting", b"ABCD1 OK welcome\r\n", "auth"), ("greeting", b"+ PDFAeD4=\r\n", "auth")]}
TWICE = {"smtp": [("greeting", b"220 hostile.test\r\n", "hello"), ("ehlo", b"250 hostile.test\r\n", "auth")],
         "pop3": [("greeting", b"+OK hostile.test\r\n", "hello"), ("capa", b"+OK\r\nTOP\r\n.\r\n", "auth")]}
NO_CAPABILITIES = {"greeting": b"* OK hostile.test\r\n"}


def too_many(table):
    return [Play(at, {stage: last(octets)}, f"{word} malformed", label=f"{stage} {n}")
            for at, rows in table.items() for n, (stage, octets, word) in enumerate(rows)]


def hold_back(session, line):
    session.held = session.right(line).replace(b"$TAG", session.tag)


def before_held(session, line):
    """Two commands were sent together: the answer to the second comes first."""
    session.say(session.right(line))
    session.say(session.held)


def without_capabilities(octets):
    """Neither the greeting nor the login says them: CAPABILITY is sent together with SELECT."""
    return re.sub(rb"\[CAPABILITY [^\]]*\] ", b"", octets)


# --- what repeats the password ---

CHALLENGES = {"smtp": b"334 PDFAeD4=\r\n", "pop3": b"+ PDFAeD4=\r\n", "imap": b"+ PDFAeD4=\r\n"}


def repeat_all(reply, pad=b""):
    """Refuses with all that the client said, and with the password in other forms."""
    def act(session, _line):
        password = session.server.password.encode()
        session.say(reply % b" ".join((pad, session.said[-1], password, base64.b64encode(password))))
    return act


def repeat_response(reply, challenge):
    """Refuses with the answer to a challenge."""
    def act(session, _line):
        session.say(challenge)
        response = session.wire.line()
        session.server.responses.append(response.decode())
        session.say(reply % response)
    return act


def masked(world, scene, row):
    """Stars stand for it, also where the text was cut in the middle of it."""
    begins = [secret[:6].decode() for secret in scene.hostile.secrets()] + [r[:6] for r in scene.hostile.responses]
    column("LEG_reply", lambda text: "****" in text and not any(begin in text for begin in begins), "masked")(
        world, scene, row)


def repeats(at, stage, ends, label="", pad=b"", **script):
    reply = (REFUSED_LOGIN if ends.startswith("auth") else REFUSAL)[at]
    return Play(at, {stage: repeat_all(reply, pad), **script}, ends, security="tls", label=f"{stage}{label}",
                check=masked)


# --- 64 MiB ---

def endless_uids(session, _line):
    """Of a mailbox of a million mails, with long lines."""
    session.say(b"+OK\r\n")
    for number in itertools.count(1):
        session.wire.send(b"%d uid%d%s\r\n" % (number, number, b" " * 4000))


ENDLESS = {"pop3": {"stat": b"+OK 1000000 1000\r\n", "uidl": endless_uids},
           "imap": {"select": flood(b"* X {1000000}\r\n" + b"x" * 1000000 + b"\r\n")}}
ENDLESS_BEFORE_LOGIN = {"smtp": {"greeting": flood(b"220-" + b"x" * 4000 + b"\r\n")},
                        "pop3": {"capa": say(b"+OK\r\n", flood(b"X" * 4000 + b"\r\n"))},
                        "imap": {"authenticate": flood(b"* OK " + b"x" * 60000 + b"\r\n")}}


CASES = [
    case("B01", "A line without an end is cut off at its cap",
         every(MAIL, {"greeting": flood(b"x" * 1024)}, "greeting oversize"),
         every(MAIL, {"mail": flood(b"x" * 1024), "stat": flood(b"x" * 1024), "select": flood(b"x" * 1024)},
               {"smtp": "mailFrom oversize", "pop3": "search oversize", "imap": "select oversize"}, security="tls")),
    case("B02", "An answer that goes on and on is cut off",
         at_each_stage({"smtp": STAGES["smtp"]}, flood(b"250-x\r\n"), "oversize", SMTP),
         Play("pop3", {"capa": say(b"+OK\r\n", flood(b"X\r\n"))}, "hello oversize"),
         at_each_stage({"imap": {"authenticate": "auth", "select": "select", "fetch": "fetch"}}, flood(b"* OK x\r\n"),
                       "oversize", IMAP)),
    case("B03", "A NUL makes a line malformed, and what stands behind it is not lost in silence",
         malformed(good(b"a\0b"), STAGES),
         malformed({at: b"\0" + line for at, line in good(b"a").items()}, label="before")),
    case("B04", "Lines may end with LF alone",
         every(MAIL, {"all": bare_lf}, WELL), every(MAIL, {"all": bare_lf}, WELL, security="tls")),
    case("B05", "A CR ends no line, and has no place within one",
         malformed(good(b"a\rb"), STAGES), malformed(good(b"a\r"), label="twice"),
         every(MAIL, {"greeting": amended((rb"\r\n", b"\n\r"))},
               {"smtp": "hello malformed", "pop3": "hello malformed", "imap": "auth malformed"}, label="turned")),
    case("B06", "Whatever octets a reply holds, they are shown as ASCII, and are nobody's format",
         refused_with_words("smtp", "mail", "mailFrom"), refused_with_words("pop3", "stat", "search"),
         refused_with_words("imap", "select", "select"),
         [Play(at, {"greeting": (b"220 %s\r\n" if at == "smtp" else GOOD[at]) % HOSTILE_WORDS}, WELL, label="good")
          for at in MAIL]),
    case("B07", "An empty line is no answer",
         malformed(first(b"\r\n"), STAGES)),
    case("B08", "Telnet's options before the greeting are none of the protocol",
         malformed(first(b"\xff\xfd\x18\xff\xfb\x20"), {at: {"greeting": "greeting"} for at in MAIL})),
    case("B09", "An answer that comes before its command was sent is none",
         too_many(AHEAD),
         Play("smtp", {"data": b"354 go on\r\n250 2.0.0 queued\r\n"}, "data malformed", label="data"),
         Play("imap", {**NO_CAPABILITIES, "capability": next_tag(b"OK welcome\r\n"), "mechanisms": ("PLAIN",)},
              "auth malformed", label="capability", security="tls")),
    case("B10", "A second answer to one command is not taken for the next one's",
         too_many(TWICE)),
    case("B11", "A code that SMTP does not know is malformed",
         at_each_stage({"smtp": STAGES["smtp"]}, b"600 x\r\n", "malformed", SMTP),
         [Play("smtp", {"rcpt": code + b" x\r\n"}, "rcptTo malformed", label=f"code {code.decode()}")
          for code in (b"000", b"99", b"150", b"199", b"260", b"2500", b"-50", b"2 0", b"2a0", b"+250", b"25")]),
    case("B12", "The lines of one reply have one code",
         malformed(b"250-a\r\n550 b\r\n", {"smtp": STAGES["smtp"]}),
         malformed(b"550-a\r\n250 b\r\n", {"smtp": STAGES["smtp"]}, label="refused")),
    case("B13", "A reply needs no text, but its last line",
         [Play("smtp", {stage: line for stage in ("mail", "rcpt", "quit")}, WELL, label=label)
          for label, line in (("bare", b"250\r\n"), ("space", b"250 \r\n"))],
         at_each_stage({"smtp": STAGES["smtp"]}, say(b"250-\r\n", silent), "timedOut", SMTP)),
    case("B14", "The code decides, whatever the text says",
         Play("smtp", {"mail": b"250 5.7.1 rejected\r\n", "rcpt": b"250 4.0.0 come later\r\n"}, WELL),
         Play("smtp", {"rcpt": b"550 2.1.5 welcome\r\n"}, "rcptTo permanent", label="refused"),
         Play("smtp", {"mail": b"450 5.1.8 never\r\n"}, "mailFrom temporary", label="later")),
    case("B15", "An answer of POP3 is +OK or -ERR, in whatever case, and a go-ahead only to AUTH",
         Play("pop3", {"all": lambda octets: re.sub(rb"^\+OK", b"+ok", octets)}, WELL, label="lower"),
         Play("pop3", {"stat": b"-err no\r\n"}, "search permanent", label="lower-refused"),
         [malformed(words + b" 2 300\r\n", {"pop3": {"greeting": "greeting", "stat": "search", "top": "fetch"}}, label)
          for label, words in (("longer", b"+OKAY"), ("plain", b"OK"), ("unknown", b"-ERRx"), ("plus", b"+"))]),
    case("B16", "Each answer of IMAP has a star or the tag of a command",
         [malformed(line, {"imap": {"greeting": "greeting", "select": "select", "fetch": "fetch"}}, label)
          for label, line in (("foreign", b"ZZZZ9 OK done\r\n"), ("none", b"OK done\r\n"), ("plus", b"+ OK done\r\n"),
                              ("long", b"A" * 10000 + b" OK done\r\n"))]),
    case("B17", "Commands that were sent together may be answered in any order that makes sense, others not",
         Play("imap", {"all": without_capabilities, "capability": in_turn(first(b""), hold_back),
                       "select": before_held}, WELL),
         Play("imap", {"select": hold_back, "fetch": before_held}, "select malformed", label="nonsense"),
         Play("imap", {"select": amended((rb"\$TAG", b"$TAG9"))}, "select malformed", label="never-sent")),
    case("B18", "All that a server says in one session has a cap",
         every(INCOMING, ENDLESS, {"pop3": "search oversize", "imap": "select oversize"}, within_s=40,
               settings={"timeout": 10}, check={"pop3": shows("more than 67108864 octets"), "imap": None}),
         every(MAIL, ENDLESS_BEFORE_LOGIN, label="before-login", check=shows("more than 262144 octets"),
               ends={"smtp": "greeting oversize", "pop3": "hello oversize", "imap": "auth oversize"})),
    case("B19", "A password that a reply repeats is not shown, nor what it was sent as",
         repeats("smtp", "auth", "auth badCredentials"), repeats("smtp", "mail", "mailFrom permanent"),
         repeats("smtp", "auth", "auth badCredentials", label="-cut", pad=b"x" * 180),
         repeats("pop3", "auth", "auth badCredentials"), repeats("pop3", "stat", "search permanent"),
         repeats("pop3", "pass", "auth badCredentials", mechanisms=()),
         repeats("imap", "authenticate", "auth badCredentials"), repeats("imap", "select", "select permanent"),
         repeats("imap", "login", "auth badCredentials", mechanisms=()),
         [Play(at, {"mechanisms": ("CRAM-MD5",), "auth": repeat_response(REFUSED_LOGIN[at], challenge)},
               "auth badCredentials", label="response", check=masked) for at, challenge in CHALLENGES.items()]),
]
