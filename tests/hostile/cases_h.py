"""H: mails that imitate, repeat, or hide probes."""

import functools
import re
import time

from case import FOREIGN, INCOMING, PATIENT_S, WELL, Play, case, every, later
from session import GOOD
from tokens import Key, bearing, foreign, forged, token_of
from world import Failed, one_bad_poll

ACCEPTED = b"250 2.0.0 queued\r\n"
PATIENT = {"timeout": PATIENT_S}
LOST = {"dot": ACCEPTED}                      # says that it took the mail, and throws it away
NOT_DELIVERED = "delivery notDelivered"
BIG = 1 << 20                                 # more than any probe is
MANY, SEVERAL = 100_000, 4_000
MANY_HEAP = 8 << 20                           # a mailbox of so many is remembered by 8 octets a mail, and listed at once


def lost(script=None, ends=NOT_DELIVERED, **more):
    """A row whose probes the SMTP server throws away, or does something else with; one by POP3, one by IMAP."""
    return [Play("smtp", script or LOST, ends, incoming=incoming, label=incoming, **more) for incoming in INCOMING]


def instead(make):
    """At the final dot the mails that make(probe) gives go into the mailbox, and not the probe."""
    def act(session, probe):
        for octets in make(probe):
            session.server.mailbox.put(octets)
        session.say(ACCEPTED)
    return {"dot": act}


def untouched(_world, scene, _row):
    """Nothing but what the first, good polls brought was deleted."""
    own = set(scene.smtp.mails)
    if any(mail.octets not in own for mail in scene.mailbox.expunged):
        raise Failed(f"{scene.name}: a mail was deleted that is no probe")


def counted(**wanted):
    """A check: these counters of the row have at least these numbers; `untouched` besides."""
    def check(world, scene, row):
        untouched(world, scene, row)
        for column, least in wanted.items():
            if row[column] < least:
                raise Failed(f"{scene.name}: {column} is {row[column]}, not {least}")
    return check


def not_counted(world, scene, row):
    untouched(world, scene, row)
    if row["forged"] != 0:
        raise Failed(f"{scene.name}: what is not ours is called forged")


def put(make):
    """A drive: make(world, scene) gives mails that stand in the mailbox before the script begins."""
    def prepare(world, scene):
        for octets in make(world, scene):
            scene.mailbox.put(octets)
    return lambda world: one_bad_poll(world, prepare)


def key_and_serial(world, scene):
    return Key(world.state + ".key"), world.status()[scene.name]["serial"]


def replies(probe):
    """What people and their programs make of a probe that they were sent."""
    name = b"em1." + token_of(probe)
    return [b"From: a@example\r\nMessage-ID: <1@example>\r\n" + field + b"\r\n\r\n> " + name + b"\r\n"
            for field in (b"In-Reply-To: <%s@example>" % name, b"References: <a@b> <%s@example>" % name,
                          b"Subject: Re: " + name, b"Auto-Submitted: auto-replied\r\nX-Original: " + name)]


def misspelt(probe):
    """Tokens that are nearly one."""
    token = token_of(probe)
    wrong_pad = token[:-1] + (b"b" if token[-1:] != b"b" else b"d")
    return [bearing(token, after=b"a"), bearing(token[:-1]), bearing(token[:9] + b"1" + token[10:]), bearing(wrong_pad),
            bearing(token[:20] + b"\r\n\t \r\n " + b"=" + token[20:]), bearing(b"=?us-ascii?B?%s?=" % token)]


@functools.cache
def crowd(n):
    return [foreign() for _ in range(n)]


def crowded(token, fakes, ours_at):
    """A mail with so many fields that bear tokens, and ours among them."""
    tokens = [*crowd(fakes)[:ours_at], token, *crowd(fakes)[ours_at:]]
    fields = (b"X-Emailmon-Probe: em1.%s\r\n" % each for each in tokens)
    return b"From: a@example\r\n" + b"".join(fields) + b"\r\nA body.\r\n"


def long_value(token):
    """Ours behind ten thousand others in one field."""
    lines = (b"\r\n em1." + each for each in [*crowd(10_000), token])
    return b"From: a@example\r\nX-Emailmon-Probe:" + b"".join(lines) + b"\r\n\r\nA body.\r\n"


def strays(world, scene):
    key, serial = key_and_serial(world, scene)
    now = time.time()
    return (bearing(key.token(serial, now)) for _ in range(MANY))


def of_all_times(world, scene):
    """Valid, never sent: of 1970, of far from now, and of eight days ago."""
    key, serial = key_and_serial(world, scene)
    return [bearing(key.token(serial, time_s)) for time_s in (0, 2**33, 2**40 - 1, time.time() - 8 * 86400)]


def four_strays(_world, scene, row):
    if row["strays"] != 4:
        raise Failed(f"{scene.name}: {row['strays']} strays, not four")


def deleted_in_parts(world, scene, row):
    """No look deletes more than five hundred."""
    for command in scene.box.lines:
        numbers = re.search(rb"UID EXPUNGE (\S+)", command)
        if numbers:
            sizes = [part.partition(b":") for part in numbers[1].split(b",")]
            if sum(int(high or low) - int(low) + 1 for low, _, high in sizes) > 500:
                raise Failed(f"{scene.name}: {command[:60]} deletes more than five hundred")
    if row["strays"] == 0:
        raise Failed(f"{scene.name}: no stray was deleted")


def kept_until_down(world, name):
    """The row keeps its verdict while its mailbox is not read to its end, and then goes down by that."""
    row = world.wait(lambda now: now[name]["verdict"] == 2, f"{name} to be down", 30)[name]
    if world.first_down(name) != "fetch oversize":
        raise Failed(f"{name} went down by {world.first_down(name)}")
    world.check_row(name, row)
    world.expect(name, NOT_DELIVERED, 30)


def flooded(world):
    """Foreign mails without number come between two polls.  Where the probes are lost besides, what was not read to its
    end proves nothing for three polls; then that is what failed."""
    def fill(_world, scene):
        for n in range(MANY if scene.play.ends == WELL else SEVERAL):
            scene.mailbox.put(b"Message-ID: <%d@example>\r\n\r\nx\r\n" % n)
    world.begin(fill)
    for name, scene in world.scenes.items():
        if scene.play.ends == WELL:
            world.check_row(name, world.expect(name, WELL, 30))
        else:
            kept_until_down(world, name)


def held(world):
    """Probes stay under way for more than three intervals, and arrive."""
    world.begin()
    for name, scene in world.scenes.items():
        world.expect(name, NOT_DELIVERED, 15)
        before = world.status()[name]["polls"]
        world.wait(lambda now: now[name]["polls"] >= before + 3, "three more polls", 20)
        scene.smtp.armed = False
        for octets in scene.smtp.mails[-6:]:
            scene.mailbox.put(octets)
        row = world.wait(lambda now: now[name]["late"] >= 1 and now[name]["verdict"] == 1, "late and up", 15)[name]
        world.check_row(name, row)


def clear(session, _line):
    """Somebody else empties the mailbox before the login."""
    box = session.server.mailbox
    box.remove([mail for mail in box.list() if b"X-Emailmon-Probe" in mail.octets])
    return GOOD


def odd_mails():
    """As they stand in real mailboxes, and worse."""
    line, head = b"x" * 1022 + b"\r\n", b"From: a@example\r\n"
    return (head + b"Subject: a\r\r\nX: b\r\r\n\r\r\nbody\r\r\n",
            head + b"Subject: a\rb\x00c \xff\xfe\r\n\r\nbody\x00\r\n",
            head + b"X: " + b"y" * (10 << 20) + b"\r\n\r\nbody\r\n",
            head + b"".join(b"X-%d: %s" % (n, line) for n in range(10 << 10)) + b"\r\nbody\r\n",
            head + b"\r\n" + b"z" * (10 << 20) + b"\r\n")


def wide_mails(_world, _scene):
    wide = b"From: a@example\r\n" + (b"X: " + b"y" * 1019 + b"\r\n") * 1024 + b"\r\nbody\r\n"
    return [*odd_mails(), *[wide] * 500]


BOUNCE = (b"From: MAILER-DAEMON@example\r\nMessage-ID: <b1@example>\r\nAuto-Submitted: auto-replied\r\n"
          b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
          b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n"
          b"Content-Type: message/rfc822\r\n\r\n%s\r\n--b--\r\n")


def bombs(_world, scene):
    """Reports without an end, of ten thousand parts, one in the other, and with a probe's copy as it was."""
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 10_000
    parts = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 10_000
    return [BOUNCE.replace(b"--b--\r\n", b"") % b"", BOUNCE % nested, BOUNCE % parts, BOUNCE % scene.smtp.mails[-1]]


def cloned(world):
    """A second program with a copy of the first one's state and key looks into the same mailbox."""
    world.begin()
    with world.clone() as clone:
        name = next(iter(world.scenes))
        clone.wait(lambda now: now[name]["polls"] >= 2, "polls of the clone", 20)

        def shows(now):
            other = clone.status()[name]
            return now[name]["strays"] + now[name]["duplicates"] + other["strays"] + other["duplicates"] > 0
        world.wait(shows, "strays and duplicates to be counted", 30)


CASES = [
    case("H01", "A token with a wrong seal is left where it is, counted, and no evidence",
         lost(check=counted(forged=3)),
         every(INCOMING, {}, WELL, check=counted(forged=3)),
         drive=put(lambda _world, scene: [bearing(forged(token_of(scene.smtp.mails[-1]))) for _ in range(3)])),
    case("H02", "Old probes that come again are deleted and counted, and are no evidence",
         lost(check=counted(duplicates=1)),
         drive=put(lambda _world, scene: [scene.mailbox.expunged[0].octets] * 2)),
    case("H03", "A copy of a probe that nobody has seen yet counts as the probe",
         lost(instead(lambda probe: [b"Received: by another way\r\n" + probe]), WELL)),
    case("H04", "Of two rows that share a mailbox each has its own probes alone",
         Play("smtp", LOST, NOT_DELIVERED, incoming="imap", label="loses"),
         Play("smtp", {}, WELL, label="keeps", shares="smtp-loses", incoming="imap")),
    case("H05", "Probes of another installation are left where they are, and not counted",
         lost(check=not_counted), every(INCOMING, {}, WELL, check=not_counted),
         drive=put(lambda _world, _scene: [bearing(foreign()) for _ in range(50)])),
    case("H06", "Replies, forwards and automatic answers to a probe are left alone, and are no evidence",
         lost(instead(replies), check=untouched)),
    case("H07", "A token in a mail longer than any probe is no evidence, and the mail stays",
         lost(instead(lambda probe: [bearing(token_of(probe)) + b"x" * BIG + b"\r\n"]), check=counted(forged=1))),
    case("H08", "A token has one spelling, apart from case, and folds do not matter",
         lost(instead(misspelt), check=untouched),
         [Play("smtp", instead(lambda probe: [bearing(token_of(probe).upper())]), WELL, incoming=incoming,
               label=incoming + "-upper") for incoming in INCOMING],
         [Play("smtp", instead(lambda probe: [b"From: a@example\r\nMessage-ID:\r\n <em1." + token_of(probe)[:30] +
                                              b"\r\n " + token_of(probe)[30:] + b"@x>\r\n\r\nA body.\r\n"]), WELL,
               incoming=incoming, label=incoming + "-folded") for incoming in INCOMING]),
    case("H09", "Of a field that comes again and again the first eight count, and 2 KiB of each",
         lost(instead(lambda probe: [crowded(token_of(probe), 10_000, 8), long_value(token_of(probe))]), check=untouched),
         [Play("smtp", instead(lambda probe: [crowded(token_of(probe), 500, 7)]), WELL, incoming=incoming,
               label=incoming + "-eighth") for incoming in INCOMING]),
    case("H10", "Valid tokens of any time that nothing waits for are strays",
         every(INCOMING, {}, WELL, check=four_strays), drive=put(of_all_times)),
    case("H11", "A flood of valid strays is deleted in parts, and the probes among them are found",
         every(INCOMING, {}, WELL, check=deleted_in_parts, heap=MANY_HEAP), drive=put(strays)),
    case("H12", "A flood of foreign mails hides no probe; what no look could read is never called missing",
         every(INCOMING, {}, WELL, check=untouched, heap=MANY_HEAP),
         every(INCOMING, {}, "fetch oversize", other=LOST, label="lost", check=untouched, settings=PATIENT, within_s=21),
         drive=flooded),
    later("H13", "A bounce with a valid token makes the row down at once", "bounces"),
    case("H14", "Bounces with a forged token, with none, and for other mails are left alone",
         lost(check=untouched), every(INCOMING, {}, WELL, check=untouched),
         drive=put(lambda _world, scene: [BOUNCE % b"", BOUNCE % bearing(forged(token_of(scene.smtp.mails[-1]))),
                                          BOUNCE % FOREIGN[0]])),
    later("H15", "A delay is counted and changes no verdict", "bounces"),
    case("H16", "Reports of any size and depth are left alone",
         every(INCOMING, {}, WELL, check=untouched), drive=put(bombs)),
    later("H17", "A bounce's diagnosis is shown as printable text", "bounces"),
    later("H18", "A probe in the junk folder alone makes the row down", "junk folders"),
    case("H19", "A probe that arrives after three intervals is late, and the row up; one after eight days is a stray",
         lost(verdict="up"), drive=held),
    case("H20", "A mailbox that somebody else empties looks like lost mail",
         every(INCOMING, {"auth": clear}, NOT_DELIVERED)),
    case("H21", "A copied state shows by strays and duplicates",
         Play("imap", {}, WELL), drive=cloned),
    case("H22", "Mails of any octets and length are passed over, and the probes beside them found",
         every(INCOMING, {}, WELL, check=untouched), drive=put(wide_mails)),
]
