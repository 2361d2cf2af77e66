"""Mailboxes: foreign mail put into them, and what is in them now, read from the disk behind the servers' backs."""

import hashlib
import os
import re
import shutil
import smtplib
import time

import users
from listeners import LISTENERS
from places import in_root

OWNER = 5000
LINKS = 10_000                   # of one file; a file system has a limit
TOKEN = "em1." + "a" * 60        # well-formed, but sealed by nobody
PROBE = re.compile(rb"^X-Emailmon-Probe: em1\.(?!a{60})[a-z2-7]{60}\r?$", re.MULTILINE)


def plain(number):
    return b"Subject: letter %d\nFrom: friend@example.org\n\nHello %d\n" % (number, number)


# What a mailbox may hold that emailmon must not touch: the bytes, and the flags (Maildir's letters).
FOREIGN = [
    (plain(1), ""),
    (plain(2), "S"),
    (plain(3), "FS"),
    (plain(4), "T"),                       # marked deleted by somebody, who has not expunged it yet
    (plain(5), "FRST"),
    (plain(6), "D"),
    (b"", ""),
    (b"\n", ""),
    (b"no header at all, no line end", ""),
    (b"Subject: no body", "S"),
    (b"Subject: dots\n\n.\n..\n.leading\n", ""),
    (b"Subject: CRLF inside\r\n\r\nmixed\nline ends\r\n\r", ""),
    (b"Subject: bare CR\n\na\rb\r\rc\n", ""),
    (b"Subject: eight bits \xe4\xf6\xfc\xff\n\n\xc3\x28 not UTF-8\n", ""),
    (b"Subject: long line\n\n" + b"x" * 100_000 + b"\n", ""),
    (b"Subject: " + b"long header " * 4_000 + b"\n\nbody\n", ""),
    (b"".join(b"X-Header-%d: value\n" % n for n in range(2_000)) + b"\nmany headers\n", ""),
    (b"Subject: big\n\n" + b"0123456789abcdef0123456789abcdef\n" * 30_000, "S"),
    (b"Subject: emailmon probe [em1:aaaaaaaaaaaaaaaaaaaa]\nFrom: emailmon@lab.test\n\nnot a probe\n", ""),
    (f"Message-ID: <{TOKEN}@lab.test>\nX-Emailmon-Probe: {TOKEN}\nSubject: emailmon probe\n\n{TOKEN}\n".encode(), ""),
    (f"Message-ID: <{TOKEN.upper()}@lab.test>\nSubject: shouting\n\nforged\n".encode(), "S"),
    (f"In-Reply-To: <{TOKEN}@lab.test>\nSubject: Re: emailmon probe\n\nWho is that?\n".encode(), ""),
    (f"Subject: folded\nX-Emailmon-Probe:\n {TOKEN[:30]}\n {TOKEN[30:]}\n\nbody\n".encode(), ""),
    (b"X-Emailmon-Probe: em1." + b"b" * 59 + b"\nSubject: too short\n\nbody\n", ""),
    (b"From: MAILER-DAEMON@example.org\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n"
     b"Subject: Undelivered\n\n--b\n\nem1." + b"c" * 60 + b"\n--b--\n", ""),
]


def folder(user):
    return in_root(os.path.join(users.home(user), "Maildir"))


def make_folders(user):
    for part in ("", "cur", "new", "tmp"):
        path = os.path.join(folder(user), part)
        if not os.path.isdir(path):
            os.mkdir(path)
            os.chown(path, OWNER, OWNER)


def put(user, content, flags="", number=0):
    """Put one mail into a mailbox, as if it had been there for an hour."""
    make_folders(user)
    name = f"{int(time.time())}.M{number:06d}P{os.getpid()}Q{time.monotonic_ns()}.lab"
    path = os.path.join(folder(user), "tmp", name)
    with open(path, "wb") as mail:
        mail.write(content)
    os.chown(path, OWNER, OWNER)
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))
    os.rename(path, os.path.join(folder(user), "cur", f"{name}:2,{flags}"))


def put_foreign(user, count=len(FOREIGN)):
    for number in range(count):
        content, flags = FOREIGN[number % len(FOREIGN)]
        put(user, content, flags, number)


def put_many(user, count, content=plain(0)):
    """Put so many equal mails into a mailbox: links to a few files, named as Dovecot names what it delivers, by size."""
    make_folders(user)
    begun, wire_bytes = int(time.time()) - 3600, len(content) + content.count(b"\n")
    for number in range(count):
        path = os.path.join(folder(user), "cur",
                            f"{begun}.M{number:06d}P{os.getpid()}.lab,S={len(content)},W={wire_bytes}:2,S")
        if number % LINKS:
            os.link(first, path)
            continue
        first = path
        with open(first, "wb") as mail:
            mail.write(content)
        os.chown(first, OWNER, OWNER)


def send(user, content, listener="smtp/none/noauth", sender="friend@example.org"):
    """Send a foreign mail the long way: through Postfix."""
    door = LISTENERS[listener]
    with smtplib.SMTP(door.host, door.port, timeout=10) as client:
        client.sendmail(sender, [users.address(user)], content)


def mails(user):
    """[(unique name, flags, bytes, time)] of every mail of the inbox."""
    found = []
    for part in ("cur", "new"):
        path = os.path.join(folder(user), part)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            try:
                with open(os.path.join(path, name), "rb") as mail:
                    unique, _, flags = name.partition(":2,")
                    found.append((unique.partition(",")[0], flags, mail.read(), os.fstat(mail.fileno()).st_mtime))
            except FileNotFoundError:
                continue                # moved or deleted meanwhile
    return found


def probes(user):
    """How many mails of emailmon's are in the mailbox."""
    return sum(bool(PROBE.search(content)) for _, _, content, _ in mails(user))


def snapshot(user):
    """{unique name: (flags, digest, time)} of all foreign mails: equal snapshots mean that nothing was touched."""
    return {name: (flags, hashlib.sha256(content).hexdigest(), when)
            for name, flags, content, when in mails(user) if not PROBE.search(content)}


def clear(user):
    """Empty a mailbox, indexes and all; nobody may be logged in."""
    shutil.rmtree(folder(user), ignore_errors=True)
