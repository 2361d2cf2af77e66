"""G: IMAP."""

import itertools
import re

from actions import amended, close, first, flood, parting, repeat, reset, say, silent
from case import FOREIGN, WELL, Play, case, later
from checks import both, column, logs_in_by, never_says
from mailbox import Mailbox
from session import GOOD
from world import SETTLE_S, Failed, recovers


def imap(label, script, ends, check=None, **more):
    """One play at IMAP."""
    return Play("imap", script, ends, label=label, check=check, **more)


PLAIN = {"mechanisms": ["PLAIN"]}
BY_LOGIN = {"offers": [b"IMAP4rev1", b"UIDPLUS"]}        # no AUTH=, and no LITERAL+
NO_UIDPLUS = {"offers": [b"IMAP4rev1", b"AUTH=CRAM-MD5"]}
TLS = {"security": "tls"}


ANSWER = rb"\* \d+ FETCH .*?\r\n\)\r\n"


# --- what servers do ---

def many(n):
    return [b"X%05d" % i for i in range(n)]


def refusing_scram(session, line):
    """What such a server says of an account of which it has only a crypt hash."""
    if not line.startswith(b"SCRAM"):
        return GOOD
    session.say(b"$TAG NO no\r\n")
    return None


def selecting(pattern, by):
    """SELECT is answered rightly but for this."""
    return {"select": amended((pattern, by))}


def counting(text, start):
    """Another number each time."""
    numbers = itertools.count(start)
    return lambda _found: text % next(numbers)


def fetching(*pairs):
    """FETCH is answered rightly but for this."""
    return {"fetch": amended(*pairs)}


def with_header(change):
    """Each header that FETCH gives is changed."""
    def by(found):
        header = change(found[1])
        return b"{%d}\r\n%s)\r\n" % (len(header), header)
    return fetching((rb"\{\d+\}\r\n(.*?\r\n)\)\r\n", by))


def also_the_first(session, line):
    """The right answer, and before it the newest mail's header as that of the first, which nobody asked for."""
    mails = session.server.mailbox.list()
    liar = type(mails[0])(mails[0].uid, mails[-1].octets, mails[-1].arrived_s)
    session.say(session.answer(1, liar, [b"MESSAGE-ID", b"X-EMAILMON-PROBE"]))
    return GOOD


def and_the_last_old(session, line):
    """What a server says to n:* when n is above all uids."""
    old = session.server.mailbox.list()[len(FOREIGN) - 1]
    session.say(session.right(line) + session.answer(len(FOREIGN), old, [b"MESSAGE-ID", b"X-EMAILMON-PROBE"]))
    session.done()


def twice_and_backwards(session, line):
    reply = session.right(line)
    answers = re.findall(ANSWER, reply, re.DOTALL)
    session.say(b"".join(2 * answers[::-1]) + reply[sum(map(len, answers)):])


def and_by_another_uid(found):
    return found[0] + re.sub(rb"UID (\d+)", lambda uid: b"UID %d" % (int(uid[1]) + 1), found[0])


def with_our_tags(session, line):
    """Headers hold what looks like the end of the answer."""
    trap = b"X-Trap: 1\r\n%s OK done\r\n* BYE bye\r\n+ go on\r\n* 1 EXPUNGE\r\n" % session.tag
    return with_header(lambda header: trap + header)["fetch"](session, line)


def searching(pattern, by):
    """A server without UIDPLUS answers SEARCH rightly but for this."""
    return {**NO_UIDPLUS, "search": amended((pattern, by))}


def mailbox_of_another(server):
    server.mailbox = Mailbox(3 * FOREIGN)


def somebody_marks_a_mail(server):
    server.mailbox.mails[0].deleted = True


def mails_arrive(*mails):
    """Somebody's mails come when the script begins."""
    def arm(server):
        for octets in mails:
            server.mailbox.put(octets)
    return arm


# --- what must hold besides ---

def all_stand(_world, scene, _row):
    if scene.hostile.mailbox.expunged:
        raise Failed(f"{scene.name}: mails of somebody else are gone")


def stand(*mails):
    def check(_world, scene, _row):
        if any(octets not in [mail.octets for mail in scene.mailbox.list()] for octets in mails):
            raise Failed(f"{scene.name}: a mail of somebody else is gone")
    return check


def goes_down(world, scene, _row):
    """What a look could not end well keeps the verdict in three polls; then the row is down."""
    name, before = scene.name, world.armed_at[scene.name]
    now = world.wait(lambda now: now[name]["verdict"] == 2, f"{name} to go down", 2 * SETTLE_S)[name]
    kept = now["polls"] - before["polls"] - (now["polls_failed"] - before["polls_failed"])
    if kept < 3:                              # more where some found nothing old enough to be missed
        raise Failed(f"{name} went down after {kept} polls")


def deletes(world, scene, _row):
    """No probe but the last stays."""
    world.wait(lambda _now: len(scene.mailbox.list()) <= len(scene.play.mails) + 1, f"{scene.name} to delete", SETTLE_S)


def only_by_uid(_world, scene, _row):
    if any(re.search(rb"\d EXPUNGE|CLOSE", line) for line in scene.hostile.lines):
        raise Failed(f"{scene.name} may have expunged what is not its own")


NO_LOGIN = never_says(b" LOGIN ")
UNHARMED = column("failure_text", lambda text: not text, "none")
DEFERRED = both(UNHARMED, never_says(b"EXPUNGE"), never_says(b"CLOSE"))     # ours stay, marked as deleted
NOT_THE_FIRST = both(never_says(b"STORE 1 "), never_says(b"STORE 1,"))
KEPT = {"check": goes_down, "verdict": "up down"}


# --- the cases ---

NO_SCRAM = {"mechanisms": ["SCRAM-SHA-256", "PLAIN"], "authenticate": refusing_scram}
TOO_LARGE, NO_SIZES = (b"{4294967295}", b"{9999999999+}"), (b"{18446744073709551616}", b"{-1}", b"{}")
ODD_MAILS = (b"Message-ID: <1@example>",
             b"Message-ID: <\0em1.\0>\r\nX-Emailmon-Probe: \0\r\n\r\nNULs\r\n",
             b"Message-ID: <" + b"x" * 102400 + b">\r\n\r\none long field\r\n",
             b"X-Emailmon-Probe: em1.x\r\n" * 10000 + b"\r\nmany fields\r\n",
             b"Message-ID: <em1.x@example>\r\n" * 5000 + b"\r\nmany of one\r\n")
NEWS = {"OK": b"* OK Searched 5% of the mailbox\r\n", "FLAGS": b"* FLAGS (\\Seen)\r\n"}
GOING = b"* BYE going\r\n"

CASES = [
    case("G01", "A greeting is OK, PREAUTH or BYE",
         imap("BYE", {"greeting": b"* BYE not now\r\n"}, "greeting shutdown"),
         imap("NO", {"greeting": b"* NO no\r\n"}, "greeting malformed"),
         imap("BAD", {"greeting": b"* BAD bad\r\n"}, "greeting malformed"),
         imap("no-text", {"greeting": b"* OK\r\n"}, WELL),
         imap("1-MiB-code", {"greeting": b"* OK [CAPABILITY " + b"X" * (1 << 20) + b"] hi\r\n"}, "greeting oversize")),
    case("G02", "What a server can do is believed within bounds, and not taken for certain",
         imap("IMAP4", {"offers": [b"IMAP4", b"AUTH=CRAM-MD5"]}, "hello unsupported", never_says(b"AUTHENTICATE")),
         imap("5000", {"offers": [b"IMAP4rev1", b"AUTH=CRAM-MD5", *many(5000)]}, WELL),
         imap("10000-greeting", {"offers": [b"IMAP4rev1", b"AUTH=CRAM-MD5", *many(10000)]}, "greeting oversize"),
         imap("10000", {"greeting": b"* OK hi\r\n", "offers": [b"IMAP4rev1", b"AUTH=CRAM-MD5", *many(10000)]},
              "hello oversize"),
         imap("fake-SCRAM", NO_SCRAM, WELL, logs_in_by("PLAIN"), **TLS),
         imap("fake-SCRAM", NO_SCRAM, "auth permanent")),
    case("G03", "LOGIN is never sent to a server that says LOGINDISABLED",
         [imap(label, {"offers": [b"IMAP4rev1", b"LOGINDISABLED", *more]}, ends, NO_LOGIN, security=security,
               settings={"plaintext_auth": True})
          for security in ("none", "tls")
          for label, more, ends in (("AUTHENTICATE", [b"AUTH=CRAM-MD5"], WELL), ("nothing", [], "auth unsupported"))]),
    case("G04", "A literal waits for its go-ahead, and nothing else does",
         imap("not-asked-for", {**BY_LOGIN, "login": b"+ go on\r\n"}, "auth malformed", **TLS),
         imap("never", {**BY_LOGIN, "literal": silent}, "auth timedOut", password="pässword", **TLS),
         imap("in-time", BY_LOGIN, WELL, logs_in_by("LOGIN"), password="pässword", **TLS)),
    case("G05", "The octets of a literal that is refused stay here",
         [imap(word, {**BY_LOGIN, "literal": say(b"$TAG %s no literals\r\n" % word.encode())}, "auth permanent",
               never_says("pässword".encode()), password="pässword", **TLS) for word in ("NO", "BAD")]),
    case("G06", "A login is what its tagged answer says, and leads to no other server",
         imap("referral", {**PLAIN, "authenticate": b"$TAG OK [REFERRAL imap://evil.test/] welcome\r\n"}, WELL, **TLS),
         imap("refusing-referral", {**PLAIN, "authenticate": b"$TAG NO [REFERRAL imap://evil.test/] go there\r\n"},
              "auth permanent", **TLS),
         imap("alert", {**PLAIN, "authenticate": b"$TAG NO [ALERT] pay first\r\n"}, "auth permanent", **TLS),
         imap("BYE", {**PLAIN, "authenticate": say(b"* BYE go away\r\n", close)}, "auth shutdown", **TLS),
         imap("OK-BYE", {**PLAIN, "authenticate": b"$TAG OK [CAPABILITY IMAP4rev1] hi\r\n* BYE\r\n"},
              "select shutdown", **TLS)),
    case("G07", "In the mailbox of somebody else nothing is found, and nothing deleted",
         imap("", {}, "delivery notDelivered", all_stand, arm=mailbox_of_another)),
    case("G08", "The number of mails is no measure for anything that is allocated",
         [imap(number, selecting(rb"\d+ EXISTS", number.encode() + b" EXISTS"), ends)
          for number, ends in (("4294967295", WELL), ("1000000000", WELL), ("-1", "select malformed"),
                               ("1e9", "select malformed"), ("4294967296", "select malformed"))],
         imap("first-contact", {"select": amended((rb"\d+ EXISTS", b"4294967295 EXISTS"),
                                                  (b"UIDVALIDITY 7", b"UIDVALIDITY 8"))}, WELL),
         imap("none", selecting(rb"\* \d+ EXISTS\r\n", b""), "select malformed"),
         drive=recovers),
    case("G09", "Uids that are not what they should be hide no probe",
         imap("validity-0", selecting(rb"UIDVALIDITY \d+", b"UIDVALIDITY 0"), "select malformed"),
         imap("validity-none", selecting(rb"\* OK \[UIDVALIDITY [^\n]*\n", b""), WELL),
         imap("validity-new", selecting(rb"UIDVALIDITY \d+", counting(b"UIDVALIDITY %d", 8)), WELL),
         imap("next-0", selecting(rb"UIDNEXT \d+", b"UIDNEXT 0"), "select malformed"),
         imap("next-none", selecting(rb"\* OK \[UIDNEXT [^\n]*\n", b""), WELL),
         imap("next-1", selecting(rb"UIDNEXT \d+", b"UIDNEXT 1"), WELL),
         imap("next-less", selecting(rb"UIDNEXT \d+", b"UIDNEXT 2"), WELL),
         imap("next-most", selecting(rb"UIDNEXT \d+", b"UIDNEXT 4294967295"), WELL),
         drive=recovers),
    case("G10", "A mailbox that is not there or cannot be written fails",
         imap("none", {"select": b"$TAG NO [NONEXISTENT] no such mailbox\r\n"}, "select permanent"),
         imap("read-only", selecting(b"READ-WRITE", b"READ-ONLY"), "select policy"),
         imap("no-flags", selecting(rb"PERMANENTFLAGS \([^)]*\)", b"PERMANENTFLAGS ()"), "delete permanent", **KEPT)),
    case("G11", "The size of a literal is checked before anything is taken for it",
         [imap(cause + size.decode(), {"select": first(b'* LIST () "/" ' + size + b"\r\n")}, "select " + cause)
          for cause, sizes in (("oversize", TOO_LARGE), ("malformed", NO_SIZES)) for size in sizes],
         [imap("header" + size.decode(), fetching((rb"\{\d+\}", size)), "fetch oversize", **KEPT)
          for size in TOO_LARGE],
         [imap("header" + size.decode(), fetching((rb"\{\d+\}", size)), "fetch malformed") for size in NO_SIZES],
         imap("binary", {"select": first(b'* LIST () "/" ~{5}\r\nhello\r\n')}, WELL),
         drive=recovers),
    case("G12", "A literal that does not come whole is nothing",
         [imap(label, {"fetch": say(b"* 3 FETCH (UID 3 BODY[HEADER.FIELDS (MESSAGE-ID)] {100}\r\n" + b"x" * 99, then)},
               "fetch " + cause)
          for label, then, cause in (("silence", silent, "timedOut"), ("end", close, "closed"))]),
    case("G13", "Quoted strings and literals are read to their own ends",
         imap("quoted", fetching((rb"RFC822\.SIZE", rb'ENVELOPE ("{3}" "\\\\" "a\\"b" NIL) RFC822.SIZE')), WELL),
         imap("literal", fetching((rb"RFC822\.SIZE", b"X-OTHER {5}\r\n\r\n{3} RFC822.SIZE")), WELL),
         imap("line-end", fetching((rb"RFC822\.SIZE", b'X-OTHER "a\r\nb" RFC822.SIZE')), "fetch malformed")),
    case("G14", "An answer that is nested too deep or too long ends the look",
         imap("deep", {"fetch": say(b"* 3 FETCH " + b"(" * 1000000)}, "fetch malformed"),
         imap("closed-twice", {"fetch": say(b"* 3 FETCH (UID 3))\r\n")}, "fetch malformed"),
         imap("not-closed", {"fetch": say(b"* 3 FETCH (UID 3\r\n")}, "fetch malformed"),
         imap("long", {"fetch": say(b"* 3 FETCH (FLAGS (" + b"a " * 1000000)}, "fetch oversize"),
         drive=recovers),
    case("G15", "Mails that were not asked for are not looked at",
         imap("beside", {"fetch": also_the_first}, WELL, NOT_THE_FIRST),
         imap("before", {"select": also_the_first}, WELL, NOT_THE_FIRST)),
    case("G16", "A mail without one uid is not looked at",
         [imap(label, fetching((rb"UID (\d+) ", uids)), "delivery notDelivered", never_says(b"STORE"), mails=())
          for label, uids in (("none", b""), ("0", b"UID 0 "), ("2^32", b"UID 4294967296 "),
                              ("two", rb"UID \1 UID 1 "), ("two-others", rb"UID 1 UID \1 "))],
         imap("changing", fetching((ANSWER, and_by_another_uid)), WELL),
         drive=recovers),
    case("G17", "Items that were not asked for are dropped",
         imap("8-MiB", fetching((rb"RFC822\.SIZE", b"RFC822 {6}\r\nhello! BODY[] {8388608}\r\n" + b"x" * 8388608 +
                                 b" RFC822.SIZE")), WELL),
         imap("1-GB", fetching((rb"RFC822\.SIZE", b"BODY[] {1000000000}\r\n" + b"x" * 65536)), "fetch oversize",
              **KEPT),
         drive=recovers),
    case("G18", "A header of any kind costs no more than its own mail",
         imap("mails", {}, WELL, stand(*ODD_MAILS), arm=mails_arrive(*ODD_MAILS)),
         imap("no-blank-line", with_header(lambda header: header.removesuffix(b"\r\n")), WELL),
         imap("NULs", with_header(lambda header: b"X-NUL: \0\0\r\n" + header), WELL),
         imap("60-KB", with_header(lambda header: b"X-Long: " + b"x" * 60000 + b"\r\n" + header), WELL),
         imap("70-KB", with_header(lambda header: b"X-Long: " + b"x" * 70000 + b"\r\n" + header),
              "delivery notDelivered"),
         imap("8-of-one", with_header(lambda header: b"Message-ID: <1@a>\r\n" * 8 + header), WELL),
         imap("8-of-both", with_header(lambda header: b"Message-ID: <1@a>\r\nX-Emailmon-Probe: 1\r\n" * 8 + header),
              "delivery notDelivered"),
         drive=recovers),
    case("G19", "The name of a header's item is matched as servers write it",
         imap("quoted", fetching((rb"FIELDS \([^)]*\)", b'FIELDS ("X-EMAILMON-PROBE" "message-id")')), WELL),
         imap("lower-case", fetching((rb"BODY\[HEADER\.FIELDS", b"body[header.fields")), WELL),
         imap("NIL", fetching((rb"\{\d+\}\r\n.*?\r\n\)", b"NIL)")), "delivery notDelivered"),
         imap("empty", fetching((rb"\{\d+\}\r\n.*?\r\n\)", b'"")')), "delivery notDelivered")),
    case("G20", "An old mail at the end of an answer is old",
         imap("", {"fetch": and_the_last_old}, WELL)),
    case("G21", "Answers in any order, and twice, count once",
         imap("", {"fetch": twice_and_backwards}, WELL, column("duplicates", lambda n: n == 0, "0")),
         drive=recovers),
    case("G22", "What SEARCH says is believed within bounds, and only when it names just our mails",
         imap("10-million", {**NO_UIDPLUS, "search": say(b"* SEARCH", flood(b" 1234567", 10_000_000))},
              "delete oversize", **KEPT),
         imap("0", searching(rb"\* SEARCH", b"* SEARCH 0"), "delete malformed", **KEPT),
         imap("2^32", searching(rb"\* SEARCH", b"* SEARCH 4294967296"), "delete malformed", **KEPT),
         imap("two-lines", searching(rb"\* SEARCH", b"* SEARCH\r\n* SEARCH"), WELL, deletes),
         imap("ESEARCH", searching(rb"\* SEARCH (\d+)", rb'* ESEARCH (TAG "x") UID ALL \1'), WELL, deletes),
         imap("NO", {**NO_UIDPLUS, "search": b"$TAG NO no\r\n"}, WELL, DEFERRED),
         imap("empty", searching(rb"\* SEARCH[^\r]*", b"* SEARCH"), WELL, DEFERRED)),
    case("G23", "Mails of others that SEARCH names are left alone",
         imap("", searching(rb"\* SEARCH", b"* SEARCH 1 2"), WELL, DEFERRED)),
    case("G24", "Probes that a server does not delete are no evidence against it, until the fourth time",
         [imap(label, {"store": reply}, "delete permanent", **KEPT)
          for label, reply in (("NO", b"$TAG NO no\r\n"), ("BAD", b"$TAG BAD bad\r\n"),
                               ("no-effect", b"$TAG OK done\r\n"),
                               ("other-flags", b"* 3 FETCH (FLAGS (\\Seen))\r\n$TAG OK done\r\n"))],
         imap("EXPUNGE", {"expunge": b"$TAG NO no\r\n"}, "delete permanent", **KEPT),
         drive=recovers),
    case("G25", "Without UIDPLUS nothing is expunged while others have marked mails",
         imap("", NO_UIDPLUS, WELL, DEFERRED, arm=somebody_marks_a_mail),
         imap("alone", NO_UIDPLUS, WELL, deletes)),
    case("G26", "A server that says UIDPLUS and does not know UID EXPUNGE keeps its mails",
         imap("", {"expunge": b"$TAG BAD what?\r\n"}, WELL, both(UNHARMED, only_by_uid))),
    case("G27", "Absurd numbers of expunged mails change nothing",
         imap("all", {"expunge": first(b"* 1 EXPUNGE\r\n" * 50)}, WELL, deletes),
         imap("absurd", {"expunge": first(b"* 4294967295 EXPUNGE\r\n* 0 EXPUNGE\r\n")}, WELL, deletes),
         imap("early", {"fetch": first(b"* 1 EXPUNGE\r\n" * 50 + b"* 4294967295 EXPUNGE\r\n")}, WELL, deletes),
         drive=recovers),
    case("G28", "A number of mails that goes up and down begins nothing anew",
         imap("less", {"fetch": first(b"* 1 EXISTS\r\n")}, WELL),
         imap("up-and-down", {"fetch": first(b"* 1 EXISTS\r\n* 900 EXISTS\r\n" * 100)}, WELL),
         imap("for-ever", {"fetch": flood(b"* 1 EXISTS\r\n* 900 EXISTS\r\n")}, "fetch oversize"),
         imap("slowly", {"fetch": repeat(b"* 1 EXISTS\r\n* 900 EXISTS\r\n", 0.2)}, "fetch timedOut"),
         drive=recovers),
    case("G29", "Untagged responses without end are cut off",
         [imap(label, {"fetch": flood(line)}, "fetch oversize") for label, line in NEWS.items()],
         imap("slow-OK", {"fetch": repeat(NEWS["OK"], 0.2)}, "fetch timedOut", within_s=3),
         imap("slow-FLAGS", {"fetch": repeat(NEWS["FLAGS"], 0.2)}, "fetch timedOut")),
    later("G30", "An IDLE that goes wrong is inconclusive", "IDLE verify"),
    later("G31", "Names of folders are taken for nothing but names", "SPECIAL-USE LIST"),
    later("G32", "No folder is looked at twice", "junk folders"),
    case("G33", "What is said to LOGOUT matters to nobody, and is not awaited for long",
         [imap(label, {"logout": parting(action)}, WELL, within_s=1.9)
          for label, action in (("silence", silent), ("BAD", b"$TAG BAD what?\r\n"), ("reset", reset),
                                ("endless", flood(b"* OK wait\r\n")))]),
    case("G34", "A server that shuts down at any stage says so by BYE",
         [imap(verb + end, {"greeting": b"* OK hi\r\n", verb: GOING + reply}, stage + " shutdown")
          for verb, stage in (("capability", "hello"), ("authenticate", "auth"), ("select", "select"),
                              ("fetch", "fetch"))
          for end, reply in (("", b""), ("-OK", b"$TAG OK done\r\n"))],
         imap("starttls", {"starttls": GOING}, "startTls shutdown", security="starttls"),
         [imap(verb, {verb: GOING}, "delete shutdown", **KEPT) for verb in ("store", "expunge")]),
    case("G35", "A mailbox that is renumbered in the middle ends the look; other news are old",
         imap("validity", {"fetch": first(b"* OK [UIDVALIDITY 8] renumbered\r\n")}, "select malformed"),
         imap("code", {"fetch": first(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] less\r\n")}, WELL, deletes),
         imap("capability", {"fetch": first(b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n")}, WELL, deletes),
         drive=recovers),
    later("G36", "A mail that was moved and is still there is a duplicate", "MOVE"),
    case("G37", "No octet of a literal is taken for protocol", imap("", {"fetch": with_our_tags}, WELL, deletes)),
    case("G38", "An honest SEARCH of 300 KiB is read",
         imap("", searching(rb"\* SEARCH", b"* SEARCH" + b" 100000" * 44000), WELL, DEFERRED)),
    case("G39", "An untagged OK is no answer to a login",
         imap("", {"authenticate": b"* OK welcome\r\n$TAG NO no\r\n"}, "auth permanent")),
    case("G40", "What is said of a mailbox that is not open is not heard",
         imap("before", {"authenticate": first(b"* 9 EXISTS\r\n* 1 FETCH (UID 1)\r\n* 1 EXPUNGE\r\n")}, WELL, deletes),
         imap("instead", {"authenticate": first(b"* 9 EXISTS\r\n"), "select": amended((rb"\* \d+ EXISTS\r\n", b""))},
              "select malformed"),
         imap("after", {"logout": first(b"* 9 EXISTS\r\n* 1 EXPUNGE\r\n")}, WELL, deletes)),
]
