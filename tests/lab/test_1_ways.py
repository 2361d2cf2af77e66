"""Every way in and out of a mail server gets mail through, and touches no mail but emailmon's own."""

import mailbox
import users
from emailmon import monitor, verdict, watching
from listeners import LISTENERS, LOGINS, SECURITIES
from places import wait_for

# What the status calls the login where it is not the name of the door's only mechanism.
CALLED = {("smtp", "noauth"): "", ("pop3", "user"): "USER", ("imap", "user"): "LOGIN",
          ("smtp", "all"): "SCRAM-SHA-256", ("pop3", "all"): "SCRAM-SHA-256", ("imap", "all"): "SCRAM-SHA-256",
          ("imap", "login"): "LOGIN"}


def doors(*protocols):
    return [row.key for security in SECURITIES for login in LOGINS for protocol in protocols
            for row in LISTENERS.values()
            if (row.protocol, row.security, row.login) == (protocol, security, login)
            and row.cert in ("", "good") and not row.quirk and login != "wrong"]


def ways():
    """A monitor a mailbox door, each with the next SMTP door: every door of all three protocols is in one of them."""
    out, inside = doors("smtp"), doors("pop3", "imap")
    pairs = [(out[n % len(out)], key) for n, key in enumerate(inside)]
    pairs += [("smtp/none/noauth/oldfashioned", "imap/tls/plain"), ("smtp/none/noauth/heloonly", "pop3/tls/plain")]
    assert {key for pair in pairs for key in pair} >= set(out) | set(inside)
    return pairs


def login_called(key):
    door = LISTENERS[key]
    return CALLED.get((door.protocol, door.login), door.login.upper())


def test_every_way():
    """Each of SMTP, POP3 and IMAP, in clear, by STARTTLS and by TLS, with each login: first up by sending, then up by
    round trip, own probes gone, 25 foreign mails in each mailbox untouched to the byte and to the flag"""
    pairs = ways()
    rows = [monitor(f"{out} {inside}", f"u{n}", out, inside, interval=4) for n, (out, inside) in enumerate(pairs, 1)]
    before = {}
    for n in range(1, len(rows) + 1):
        mailbox.clear(f"u{n}")
        mailbox.put_foreign(f"u{n}")
        before[f"u{n}"] = mailbox.snapshot(f"u{n}")
    with watching(rows) as program:
        program.wait_rows(lambda row: row["Polls"] == "1" and verdict(row) == ("up", "sendOnly"), 20,
                          "every row up by its first send")
        last = program.wait_rows(lambda row: int(row["Polls"]) >= 3 and verdict(row) == ("up", "roundTrip"), 40,
                                 "every row up by a round trip")
        for name, (out, inside) in zip(last, pairs):
            check_row(last[f"{out} {inside}"], out, inside, name)
    for user, snapshot in before.items():
        now = mailbox.snapshot(user)
        changed = sum(now.get(mail) != was for mail, was in snapshot.items())
        assert now == snapshot, f"{user}: {changed} foreign mails changed, {len(now) - len(snapshot)} more than before"
        wait_for(lambda user=user: mailbox.probes(user) <= 1, 5, f"at most the last probe in the mailbox of {user}")


def check_row(row, out, inside, name):
    assert row["PollsFailed"] == "0" and row["Forged"] == "0" and row["Strays"] == "0", f"{name}: {row}"
    assert int(row["Delivered"]) >= int(row["Polls"]) - 1, f"{name}: {row['Delivered']} of {row['Sent']} delivered"
    assert row["SmtpAuthMechanism"] == login_called(out), f"{name}: SMTP by {row['SmtpAuthMechanism']}"
    assert row["InAuthMechanism"] == login_called(inside), f"{name}: incoming by {row['InAuthMechanism']}"
    for part, key in (("Smtp", out), ("In", inside)):
        secure = LISTENERS[key].security != "none"
        assert row[part + "TlsVersion"] == ("TLSv1.3" if secure else ""), f"{name}: {part} {row[part + 'TlsVersion']}"
        assert (row[part + "CertDays"] == "2147483647") != secure, f"{name}: {part} {row[part + 'CertDays']} days"


def test_odd_credentials():
    """Passwords with quotes, backslashes, spaces, colons, non-ASCII letters and braces log in by every kind of login"""
    kinds = [("smtp/tls/plain", "imap/tls/plain"), ("smtp/tls/login", "imap/tls/login"),
             ("smtp/tls/cram-md5", "imap/tls/cram-md5"), ("smtp/tls/scram-sha-256", "pop3/tls/scram-sha-256"),
             ("smtp/starttls/scram-sha-1", "pop3/starttls/plain"), ("smtp/tls/all", "imap/tls/user"),
             ("smtp/tls/all", "pop3/tls/user")]
    odd = [user for user in users.ODD if user != "long"]
    for user in odd:
        mailbox.clear(user)
    rows = [monitor(f"{users.folder(user)} {out} {inside}", user, out, inside, interval=6)
            for user in odd for out, inside in kinds]
    with watching(rows) as program:
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip"), 45, "every row up by a round trip")


def test_no_uidplus():
    """Without UIDPLUS the own probes go where nobody else has marked a mail deleted, and where somebody has, his mail
    stays"""
    for user, count in (("u1", 3), ("u2", 5)):            # the fourth and the fifth foreign mail are marked deleted
        mailbox.clear(user)
        mailbox.put_foreign(user, count)
    before = {user: mailbox.snapshot(user) for user in ("u1", "u2")}
    rows = [monitor(user, user, incoming="imap/none/plain/nouidplus", interval=2) for user in before]
    with watching(rows) as program:
        program.wait_rows(lambda row: int(row["Polls"]) >= 6 and verdict(row) == ("up", "roundTrip"), 30,
                          "six polls of rows that are up")
    assert {user: mailbox.snapshot(user) for user in before} == before, "foreign mails changed"
    assert mailbox.probes("u1") <= 1, f"{mailbox.probes('u1')} probes are left"
