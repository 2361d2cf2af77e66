"""F: POP3."""

import secrets

from actions import amended, close, deliver, flood, in_turn, last, say, silent
from case import FOREIGN, WELL, Play, case
from checks import attempts_at_most, both, column, never_says
from pop3 import stuffed
from session import GOOD
from world import SETTLE_S, Failed


def pop3(label, script, ends, check=None, **more):
    return Play("pop3", script, ends, label=label, check=check, **more)


USER_PASS = {"mechanisms": (), "offers": [b"TOP", b"UIDL", b"USER"]}


def password_refused(label, reply, cause, **more):
    """PASS is refused so; whoever goes on all the same is welcome."""
    script = {**USER_PASS, "pass": reply, "stat": b"+OK 0 0\r\n"}
    return pop3(label, script, "auth " + cause, never_says(b"STAT"), security="tls", **more)


# --- uids ---

def uids(uid):
    """A listing in which uid(number, mail) stands for each."""
    def act(session, _line):
        session.say(b"+OK\r\n" + b"".join(b"%d %s\r\n" % (i, uid(i, mail)) for i, mail in enumerate(session.drop, 1))
                    + b".\r\n")
    return act


def new_uid(_number, _mail):
    return secrets.token_hex(8).encode()


def lists(entry):
    """The first line of the listing is another one."""
    return {"uidl": amended((rb"\r\n1 uid1", b"\r\n" + entry))}


# --- a crowd of mails before those that are there ---

CROWD = 995000
CROWD_LISTING = [b"".join(b"%d u%d\r\n" % (n, n) for n in range(begin, begin + 5000))
                 for begin in range(1, CROWD, 5000)]


def crowd_stat(session, _line):
    session.say(b"+OK %d %d\r\n" % (CROWD + len(session.drop), 1000 * CROWD))


def crowd_uidl(session, _line):
    session.say(b"+OK\r\n")
    for piece in CROWD_LISTING:
        session.say(piece)
    session.say(b"".join(b"%d uid%d\r\n" % (CROWD + i, mail.uid) for i, mail in enumerate(session.drop, 1)) + b".\r\n")


def crowd_list(session, line):
    session.say(b"+OK %s 1000\r\n" % line)


def crowd_top(session, line):
    number = int(line.split()[0])
    if number > CROWD:
        session.good_top(b"%d 0" % (number - CROWD))
    else:
        session.say(b"+OK\r\n" + stuffed(FOREIGN[0]))


def crowd_dele(session, line):
    session.good_dele(b"%d" % (int(line) - CROWD))


# What is listed now and was before has 16 MiB; the sanitizer's realloc() copies where the C library's moves pages.
CROWD_HEAP = 19 << 20
CROWDED = {"stat": crowd_stat, "uidl": crowd_uidl, "list": crowd_list, "top": crowd_top, "dele": crowd_dele}


# --- mails ---

BOMB = b"X-Bomb: 1\r\nSubject: no end\r\n\r\n"


def at_bomb(action):
    """This for one mail; the others are shown right."""
    def act(session, line):
        mail = session.drop[int(line.split()[0]) - 1]
        return session.do(action, line) if mail.octets == BOMB else GOOD
    return act


def whole_mail(session, line):
    session.good_retr(line.split()[0])


DOTTED = b".\r\n..x: 1\r\n.dots: .\r\nX-Y: a\r\n .\r\n ..\r\n"     # lines of a header, before the server stuffs them
MORE_MAILS = (*FOREIGN, *(b"Subject: %d\r\n\r\nBody.\r\n" % n for n in range(3)))


# --- checks ---

def then_down(kept):
    """The verdict is kept for so many polls, and then is down."""
    def check(world, scene, _row):
        before = world.armed_at[scene.name]
        now = world.wait(lambda now: now[scene.name]["verdict"] == 2, f"{scene.name} to be down", SETTLE_S)[scene.name]
        polls = now["polls"] - before["polls"] - (now["polls_failed"] - before["polls_failed"])
        if polls not in (kept, kept + 1):     # a good poll may have ended after the servers were armed
            raise Failed(f"{scene.name}: {polls} polls kept the verdict")
    return check


def polls_on(polls):
    """It goes on well for so many polls more."""
    def check(world, scene, row):
        world.wait(lambda now: now[scene.name]["polls"] >= row["polls"] + polls and
                   now[scene.name]["delivered"] >= row["delivered"] + polls - 1, f"{scene.name} to go on", SETTLE_S)
    return check


CASES = [
    case("F01", "A greeting that refuses says why; what APOP would use is not used",
         pop3("refused", {"greeting": b"-ERR no\r\n"}, "greeting permanent"),
         pop3("temporary", {"greeting": b"-ERR [SYS/TEMP] later\r\n"}, "greeting temporary"),
         pop3("long", {"greeting": b"+OK <" + b"1" * 102400 + b"@x>\r\n"}, "greeting oversize"),
         pop3("crafted", {"greeting": b"+OK <\xff\xfe\x80@x>\r\n"}, WELL, never_says(b"APOP"))),
    case("F02", "Capabilities are a list with an end; without them the oldest commands are tried",
         pop3("refused", {"capa": b"-ERR what?\r\n"}, WELL, column("in_mechanism", lambda name: name == "USER", "USER"),
              security="tls"),
         pop3("endless", {"capa": say(b"+OK\r\n", flood(b"X-Y\r\n"))}, "hello oversize"),
         pop3("unended", {"capa": say(b"+OK\r\nTOP\r\nUIDL\r\n", silent)}, "hello timedOut"),
         pop3("stuffed", {"offers": [b"..", b"..TOP", b"..X", b"TOP", b"UIDL", b"SASL CRAM-MD5"]}, WELL)),
    case("F03", "Capabilities that make no sense are passed over",
         pop3("", {"offers": [b"IMPLEMENTATION \x1b[31m\xff%n%s", b"LOGIN-DELAY x", b"LOGIN-DELAY", b"EXPIRE -1", b"",
                              b" ", b"TOP", b"UIDL", b"SASL CRAM-MD5"]}, WELL)),
    case("F04", "A refused password is told from a mailbox that is in use",
         password_refused("wrong", b"-ERR [AUTH] no\r\n", "badCredentials"),
         password_refused("refused", b"-ERR no\r\n", "permanent"),
         password_refused("in-use", b"-ERR [IN-USE] busy\r\n", "inUse", verdict="up"),
         password_refused("too-soon", b"-ERR [LOGIN-DELAY] wait\r\n", "inUse", verdict="up")),
    case("F05", "Who was refused twice does not go on, whatever the server would say then",
         pop3("", {"auth": in_turn(*2 * [b"-ERR [AUTH] no\r\n"], b"+OK welcome\r\n")}, "auth badCredentials",
              both(attempts_at_most(2), never_says(b"STAT")), security="tls")),
    case("F06", "A go-ahead is no answer to PASS",
         password_refused("", b"+ bW9yZQ==\r\n", "malformed")),
    case("F07", "STAT says two numbers, and nothing is reserved for them",
         [pop3(label, {"stat": b"+OK" + words + b"\r\n"}, "search malformed")
          for label, words in (("negative", b" -1 5"), ("2-32", b" 4294967296 5"), ("2-64", b" 18446744073709551616 5"),
                               ("text", b" two mails"), ("one", b" 5"), ("none", b""), ("negative-size", b" 2 -5"))],
         pop3("most", {"stat": b"+OK 4294967294 18446744073709551615\r\n"}, "fetch permanent")),
    case("F08", "A listing longer than STAT said is malformed",
         pop3("", {"stat": b"+OK 3 1000\r\n", "uidl": crowd_uidl}, "search malformed")),
    case("F09", "A million mails are listed, in 16 MiB, and hold nobody up",
         pop3("", CROWDED, WELL, within_s=100, settings={"timeout": 25}, heap=CROWD_HEAP, from_start=True)),
    case("F10", "A line of UIDL without a number or uid is malformed or passed over",
         [pop3(label, lists(entry), "search malformed")
          for label, entry in (("zero", b"0 a"), ("negative", b"-1 a"), ("greater", b"999 a"), ("text", b"a a"),
                               ("twice", b"1 a\r\n1 b"))],
         pop3("long", lists(b"1 " + b"u" * 5000), "search oversize"),
         [pop3(label, lists(entry), WELL)
          for label, entry in (("empty", b"1"), ("space", b"1 "), ("4000", b"1 " + b"u" * 4000),
                               ("binary", b"1 \xff\x01\x80"))],
         pop3("missing", {"uidl": amended((rb"1 uid1\r\n", b""))}, WELL)),
    case("F11", "Mails with one uid are all read",
         pop3("", {"uidl": uids(lambda _number, _mail: b"same")}, WELL, polls_on(2))),
    case("F12", "Uids that are new in every session hide nothing",
         pop3("few", {"uidl": uids(new_uid)}, WELL, polls_on(4)),
         pop3("many", {"uidl": uids(new_uid)}, WELL, polls_on(4), mails=FOREIGN * 150, from_start=True)),
    case("F13", "A listing that breaks off is none",
         pop3("", {"uidl": say(b"+OK\r\n1 uid1\r\n2 ", close)}, "search closed")),
    case("F14", "A header without an end costs itself alone",
         [pop3(label, {"top": at_bomb(action)}, WELL, polls_on(2), mails=(*FOREIGN, BOMB), from_start=True)
          for label, action in (
              ("1-MiB", b"+OK\r\n" + b"X-Y: z\r\n" * 130000 + b".\r\n"),
              ("1-line", b"+OK\r\n" + b"x" * (1 << 20) + b"\r\n.\r\n"),
              ("endless", say(b"+OK\r\n", flood(b"X-Y: z\r\n"))), ("endless-line", say(b"+OK\r\n", flood(b"x"))))]),
    case("F15", "A mail that is not there any more is passed over; a server that shows none is broken",
         pop3("one", {"top": at_bomb(b"-ERR no such message\r\n")}, WELL, mails=(*FOREIGN, BOMB), from_start=True),
         pop3("all", {"top": b"-ERR no such message\r\n"}, "fetch permanent")),
    case("F16", "Dots that the server put before dots are taken away, and no others",
         [pop3(f"piece-{piece}", {}, WELL, piece=piece, other={"dot": deliver(rewrite=lambda mail: DOTTED + mail)},
               mails=(*FOREIGN, DOTTED + b"\r\n.\r\n..\r\n"), from_start=True) for piece in (0, 1, 2)]),
    case("F17", "A body that was not asked for is dropped",
         pop3("", {"top": whole_mail}, WELL, mails=(*FOREIGN, b"Subject: big\r\n\r\n" + b"y\r\n" * 300000),
              from_start=True)),
    case("F18", "An answer too many among those to TOP deletes nobody's mail",
         pop3("", {"top": in_turn(last(b"+OK\r\nX: y\r\n\r\n.\r\n"))}, "delete malformed", mails=MORE_MAILS,
              from_start=True, verdict="up down")),
    case("F19", "A mail that is not deleted is found again, and is no evidence; a mailbox that fills is down",
         pop3("refused", {"dele": b"-ERR no\r\n"}, "delete permanent", then_down(3), verdict="up"),
         pop3("undone", {"dele": b"+OK\r\n"}, "delete permanent", then_down(4), verdict="up")),
    case("F20", "What became of a deletion that broke off, the next listing says",
         pop3("refused", {"quit": b"-ERR some not removed\r\n"}, "delete permanent", then_down(3), verdict="up"),
         pop3("closed", {"quit": close}, "delete closed", verdict="up down"),
         pop3("silent", {"quit": silent}, "delete timedOut", verdict="up down")),
    case("F21", "A mailbox that is always in use keeps the verdict for three polls",
         pop3("", {"auth": b"-ERR [IN-USE] busy\r\n"}, "auth inUse", then_down(3), verdict="up")),
    case("F22", "A server that says goodbye unasked is shutting down",
         [pop3(stage, {stage: last(b"-ERR shutting down\r\n")}, word + " shutdown")
          for stage, word in (("greeting", "hello"), ("capa", "auth"), ("uidl", "fetch"))]),
    case("F23", "A mailbox that shrinks between STAT and UIDL is read as far as it is there",
         pop3("", {"stat": amended((rb"\+OK \d+", b"+OK 9"))}, WELL)),
    case("F24", "Uids that are the mails' numbers hide nothing",
         pop3("", {"uidl": uids(lambda number, _mail: b"%d" % number)}, WELL, polls_on(3))),
]
