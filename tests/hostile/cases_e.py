"""E: SMTP."""

import collections
import re
import select

from actions import deliver, flood, in_turn, nothing, parting, reset, say, silent, times, wait
from case import MAIL, WELL, Play, case, elsewhere, every, later
from checks import attempts_at_most, both, column, logs_in_by, never_says, said, says, shows
from login import altered, b64, cram_md5, login, scram
from session import GOOD
from world import SETTLE_S, Failed, recovers


def smtp(label, script, ends, check=None, **more):
    """One play at SMTP."""
    return Play("smtp", script, ends, label=label, check=check, **more)


# --- what servers do ---

def refusing(stage, reply):
    """MAIL or RCPT is refused, and so are those that follow it in a group."""
    return {"rcpt": b"503 5.5.1 no sender\r\n", "data": b"503 5.5.1 no recipient\r\n", stage: reply}


def tarpit(wait_s):
    """Greets late; it is a mistake when the client speaks before."""
    def act(session, _line):
        if select.select([session.wire.socket], [], [], wait_s)[0]:
            session.wire.read()
            session.server.mistakes.append("the client spoke before the greeting")
        return GOOD
    return act


def challenges(challenge):
    """The same challenge for ever, until the client gives up."""
    def act(session, _line):
        session.say(b"334 " + challenge + b"\r\n")
        while session.wire.line() != b"*":
            session.say(b"334 " + challenge + b"\r\n")
        session.say(b"501 5.7.0 cancelled\r\n")
    return act


def exchange(mechanism, made):
    """Only this mechanism is offered, and made so."""
    return {"mechanisms": [mechanism], "exchanges": {mechanism: made}}


def scrams(table, cause, check=None):
    """A play for each {label: (pattern, what stands for it in the server's first message)}."""
    return [smtp(label, exchange("SCRAM-SHA-256", scram("sha256", first=altered(*twist))), "auth " + cause,
                 check or CANCELS) for label, twist in table.items()]


def scram_counts(counts, cause):
    return scrams({"i=" + count: (b"i=.*", b"i=" + count.encode()) for count in counts}, cause)


def rewritten(*pairs):
    """It is delivered with what stands for these patterns, in turn."""
    def rewrite(mail):
        for pattern, by in pairs:
            mail, done = re.subn(pattern, by, mail, flags=re.MULTILINE)
            assert done, pattern
        return mail
    return {"dot": deliver(rewrite=rewrite)}


def deliver_and_reset(session, mail):
    session.server.mailbox.put(mail)
    session.wire.reset()


# --- what must hold besides ---

def duplicates(n):
    """The row has found so many too many, and all are deleted."""
    def check(world, scene, _row):
        world.wait(lambda now: now[scene.name]["duplicates"] == n, f"{scene.name} to find {n} duplicates", SETTLE_S)
        copies = collections.Counter(mail.octets for mail in scene.mailbox.expunged).most_common(1)[0][1]
        if copies != n + 1:
            raise Failed(f"{scene.name}: {copies} of {n + 1} are deleted")
    return check


def clean_lines(_world, scene, _row):
    if any(re.search(rb"(?<!\r)\n|\r(?!\n)", talk) for talk in said(scene)):
        raise Failed(f"{scene.name} sends a bare CR or LF")


NO_MAIL, QUITS = never_says(b"MAIL FROM"), says(b"QUIT\r\n")
CANCELS = both(says(b"\r\n*\r\n"), NO_MAIL)
NOT_SENT = column("outstanding", lambda n: n == 0, "none")
UNCERTAIN = column("outstanding", lambda n: n >= 1, "the one of uncertain fate")
NO_PROBE = both(never_says(b"X-Emailmon-Probe"), NOT_SENT)


# --- more than one bad poll ---

def comes_up_after(failed):
    """Each row goes down as its play says, and comes up again after so many failed polls."""
    def drive(world):
        world.begin()
        for name, scene in world.scenes.items():
            world.wait(lambda _now, name=name, ends=scene.play.ends: ends in world.downs(name),
                       f"{name} to go down: {scene.play.ends}", SETTLE_S)
        now = world.wait(lambda now: all(now[name]["verdict"] == 1 for name in world.scenes), "all rows to be up again",
                         2 * SETTLE_S)
        for name in world.scenes:
            polls = now[name]["polls_failed"] - world.armed_at[name]["polls_failed"]
            if polls != failed:
                raise Failed(f"{name}: {polls} polls failed")
    return drive


def waits_for_logins(world):
    """A login that is answered late is a login, and the time can be seen."""
    world.begin()
    for name, scene in world.scenes.items():
        if scene.play.ends == WELL:
            time_ms = "smtp_auth_ms" if scene.play.at == "smtp" else "in_login_ms"
            row = world.wait(lambda now: now[name][time_ms] >= 2900, f"{name} to log in after 3 s", SETTLE_S)[name]
        else:
            row = world.expect(name, scene.play.ends, SETTLE_S)
        world.check_row(name, row)


# --- the cases ---

MESSAGE_ID, X_FIELDS = rb"^Message-ID: (<[^\r]+>)", rb"^X-Emailmon-[^\r]*\r\n"
WITHOUT_X = (X_FIELDS, b"")
TAKEN = b"250 2.0.0 queued\r\n"
NO_LOGIN = {"auth": False}
IN_GROUPS = (("", {}), ("-one-by-one", {"offers": [b"AUTH CRAM-MD5"]}))     # with PIPELINING, and without

CASES = [
    case("E01", "A greeting that refuses service is told by its code, and answered by QUIT",
         smtp("554", {"greeting": b"554 no service\r\n"}, "greeting permanent", QUITS),
         smtp("421", {"greeting": b"421 not now\r\n"}, "greeting shutdown"),
         smtp("450", {"greeting": b"450 4.3.2 come again\r\n"}, "greeting temporary", QUITS)),
    case("E02", "A greeting that is late but in time is awaited in silence",
         smtp("in-time", {"greeting": tarpit(1.2)}, WELL, settings={"timeout": 3}),
         smtp("too-late", {"greeting": tarpit(2)}, "greeting timedOut")),
    case("E03", "Ten thousand extensions are too many",
         smtp("", {"ehlo": b"250-XX\r\n" * 10000 + b"250 XX\r\n"}, "hello oversize")),
    case("E04", "Lists of mechanisms are read in all their spellings; without one that is known nobody logs in",
         smtp("500", {"offers": [b"AUTH " + b" ".join(b"X%d" % i for i in range(500)) + b" CRAM-MD5"]}, WELL),
         smtp("2000", {"offers": [b"AUTH CRAM-MD5 " + b" ".join(b"X%d" % i for i in range(2000))]}, "hello oversize"),
         smtp("lower-case", {"offers": [b"auth xx cram-md5"]}, WELL),
         smtp("old-form", {"offers": [b"AUTH=CRAM-MD5 XX"]}, WELL),
         smtp("two-lists", {"offers": [b"AUTH XX", b"AUTH=YY CRAM-MD5", b"AUTH ZZ"]}, WELL),
         smtp("unknown", {"offers": [b"AUTH GSSAPI NTLM CRAM-MD5X"]}, "auth unsupported", NO_MAIL),
         smtp("empty", {"offers": [b"AUTH"]}, "auth unsupported", NO_MAIL),
         smtp("none", {"offers": [b"SIZE"]}, "auth unsupported", NO_MAIL)),
    case("E05", "A limit of size that is none, absurd or no number is no limit; one below the probe is obeyed",
         [smtp(limit, {"offers": [b"SIZE " + limit.encode(), b"AUTH CRAM-MD5"]}, WELL)
          for limit in ("", "0", "99999999999999999999", "-1", "abc")],
         smtp("10", {"offers": [b"SIZE 10", b"AUTH CRAM-MD5"]}, "mailFrom policy", NO_MAIL)),
    case("E06", "A server without EHLO will do when neither TLS nor a login is needed",
         smtp("login", {"ehlo": b"500 what?\r\n"}, "hello unsupported", NO_MAIL),
         smtp("tls", {"ehlo": b"500 what?\r\n"}, "hello unsupported", NO_MAIL, security="starttls", settings=NO_LOGIN),
         smtp("neither", {"ehlo": b"500 what?\r\n"}, WELL, settings=NO_LOGIN),
         smtp("nor-helo", {"ehlo": b"500 what?\r\n", "helo": b"500 what?\r\n"}, "hello permanent", settings=NO_LOGIN)),
    case("E07", "A password is not sent in clear unless the row says so",
         smtp("", {"mechanisms": ["PLAIN", "LOGIN"]}, "auth plaintextRefused", never_says(b"AUTH"))),
    case("E08", "The mechanisms that count are those offered inside of TLS",
         [smtp(inside, {"mechanisms": [outside], "mechanisms/tls": [inside]}, WELL, logs_in_by(inside),
               security="starttls")
          for outside, inside in (("CRAM-MD5", "PLAIN"), ("PLAIN", "CRAM-MD5"))]),
    case("E09", "A challenge that is no base64 ends the exchange; one without end is cut off",
         smtp("10-MiB", {"auth": say(b"334 ", flood(b"QUJD", 10 << 18))}, "auth oversize", NO_MAIL),
         smtp("signs", {"auth": b"334 !?*;\r\n"}, "auth malformed", CANCELS),
         smtp("space", {"auth": b"334 QU JD\r\n"}, "auth malformed", CANCELS),
         smtp("padding-within", {"auth": b"334 QU==QUJD\r\n"}, "auth malformed", CANCELS)),
    case("E10", "Challenges without end are not answered without end",
         [smtp(name, {"mechanisms": [name], "auth": challenges(b"QUJD")}, "auth malformed", CANCELS, security="tls")
          for name in ("PLAIN", "LOGIN", "CRAM-MD5")]),
    case("E11", "LOGIN gives user name and password in this order, whatever the prompts say",
         smtp("swapped", exchange("LOGIN", login(b"Password:", b"Username:")), WELL, security="tls"),
         smtp("empty", exchange("LOGIN", login(b"", b"")), WELL, security="tls"),
         smtp("localized", exchange("LOGIN", login("Имя:".encode(), "Пароль:".encode())), WELL,
              security="tls")),
    case("E12", "Any challenge of CRAM-MD5 is answered but an empty one",
         smtp("empty", exchange("CRAM-MD5", cram_md5(b"")), "auth malformed", CANCELS),
         smtp("12-KiB", exchange("CRAM-MD5", cram_md5(b"x" * 9216)), WELL),
         smtp("NULs", exchange("CRAM-MD5", cram_md5(b"<1\0.2\0@\0>")), WELL),
         smtp("constant", exchange("CRAM-MD5", cram_md5(b"<always@hostile.test>")), WELL)),
    case("E13", "A challenge of CRAM-MD5 that another service made cannot be told from any other",
         smtp("", exchange("CRAM-MD5", cram_md5(b"<1896.697170952@other.example>")), WELL)),
    case("E14", "SCRAM: a count of iterations outside 4,096 to 200,000 is refused before any work",
         scram_counts(["0", "1", "4095", "200001", "2147483648", "99999999999"], "policy"),
         scram_counts(["", "-1", "4096x", "04096"], "malformed")),
    case("E15", "SCRAM: the server's nonce must continue ours",
         scrams({"other": (b"^r=", b"r=x"), "only-ours": (rb"\A(r=[^,]*)[0-9a-f]{18},", rb"\1,"),
                 "8-KiB": (b",s=", b"x" * 8192 + b",s="), "unprintable": (b",s=", b"\x07,s="),
                 "missing": (b"^r=[^,]*,", b"")}, "malformed"),
         scrams({"1-MiB": (b",s=", b"x" * (1 << 20) + b",s=")}, "oversize", NO_MAIL)),
    case("E16", "SCRAM: the server's first message is read strictly",
         scrams({"empty-salt": (b"s=[^,]*", b"s="), "no-base64": (b"s=[^,]*", b"s=?!"),
                 "8-KiB-salt": (b"s=[^,]*", b"s=" + b"QUJD" * 2048), "reordered": (b"(s=[^,]*),(i=.*)", rb"\2,\1"),
                 "mandatory-extension": (b"^", b"m=ext,"), "twice": (b"$", b",i=4096")}, "malformed"),
         scrams({"1-MiB-salt": (b"s=[^,]*", b"s=" + b"QUJD" * (1 << 18))}, "oversize", NO_MAIL)),
    case("E17", "SCRAM: a server that cannot prove that it knows the password gets no mail",
         [smtp(label, exchange("SCRAM-SHA-256", scram("sha256", final=final)), "auth badServerProof", NO_MAIL)
          for label, final in {"wrong": altered(b"v=.{4}", b"v=AAAA"), "empty": altered(b"v=.*", b"v="),
                               "error": altered(b"v=.*", b"e=other-error"), "none": lambda _message: None}.items()]),
    later("E18", "A server that strips or refuses channel binding is found out", "channel binding"),
    case("E19", "A login that is accepted before it is complete is none",
         smtp("SCRAM", {"mechanisms": ["SCRAM-SHA-256"], "auth": b"235 welcome\r\n"}, "auth badServerProof", NO_MAIL),
         smtp("CRAM", {"mechanisms": ["CRAM-MD5"], "auth": b"235 welcome\r\n"}, "auth malformed", NO_MAIL),
         smtp("LOGIN", {"mechanisms": ["LOGIN"], "auth": b"235 welcome\r\n"}, "auth malformed", NO_MAIL,
              security="tls"),
         smtp("PLAIN", {"mechanisms": ["PLAIN"], "auth": in_turn(b"500 too long\r\n", b"235 welcome\r\n")},
              "auth malformed", NO_MAIL, security="tls")),
    case("E20", "A server that refuses every login gets two attempts",
         [smtp(security, {"mechanisms": ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"],
                          "auth": b"535 5.7.8 no\r\n"}, "auth badCredentials", attempts_at_most(2), security=security)
          for security in ("none", "tls")]),
    later("E21", "An error of OAuth is answered once, and nothing in it is followed", "OAuth"),
    case("E22", "A sender that is refused fails there",
         [smtp(f"{code}{end}", {**refusing("mail", b"%d no\r\n" % code), **more}, "mailFrom " + cause,
               both(NO_PROBE, QUITS))
          for code, cause in ((530, "permanent"), (550, "permanent"), (553, "permanent"), (452, "temporary"))
          for end, more in IN_GROUPS]),
    case("E23", "Greylisting is temporary, and the row comes up when it ends",
         smtp("", {"rcpt": times(2, b"450 4.7.1 greylisted\r\n"), "data": times(2, b"503 no recipient\r\n")},
              "rcptTo temporary"),
         drive=comes_up_after(2)),
    case("E24", "Another address in a reply is never used",
         smtp("251", {"rcpt": b"251 will forward to <other@evil.test>\r\n"}, WELL, never_says(b"evil")),
         smtp("252", {"rcpt": b"252 cannot verify\r\n"}, WELL),
         smtp("551", refusing("rcpt", b"551 try <other@evil.test>\r\n"), "rcptTo permanent",
              both(never_says(b"evil"), NO_PROBE))),
    case("E25", "A go-ahead for data after a refused recipient gets a lone dot",
         smtp("", {"rcpt": b"550 no\r\n", "dot": b"554 no recipients\r\n"}, "rcptTo permanent",
              both(NO_PROBE, says(b"DATA\r\n.\r\n")))),
    case("E26", "Replies to a group that are too few or too many are never taken for those to other commands",
         smtp("last-missing", {"data": silent}, "data timedOut", NO_PROBE),
         smtp("second-missing", {"rcpt": nothing}, "rcptTo malformed", NO_PROBE),
         smtp("one-more", {"mail": b"250 ok\r\n250 ok\r\n"}, "data malformed", NO_PROBE),
         smtp("one-more-at-the-end", {"data": b"354 go on\r\n250 ok\r\n"}, "data malformed", NO_PROBE)),
    case("E27", "A server that drops all but the first command of a group fails where the first reply is missing",
         smtp("", {"rcpt": nothing, "data": nothing}, "rcptTo timedOut", both(NO_PROBE, shows("PIPELINING")))),
    case("E28", "A reply of the wrong kind is no go-ahead",
         [smtp(label + end, {verb: reply, **more}, stage + " malformed", NO_PROBE)
          for label, verb, reply, stage in (("250-to-DATA", "data", b"250 ok\r\n", "data"),
                                            ("354-to-MAIL", "mail", b"354 go on\r\n", "mailFrom"))
          for end, more in IN_GROUPS]),
    case("E29", "A reply to a mail that was not sent yet ends it",
         smtp("", {"data": b"354 go on\r\n550 no\r\n"}, "data malformed", NO_PROBE)),
    case("E30", "A mail that is never answered is of uncertain fate",
         smtp("", {"dot": silent}, "afterDot timedOut",
              both(UNCERTAIN, column("send_ms", lambda ms: ms >= 3900, "4 s")))),
    case("E31", "A mail that was delivered although the connection broke is found, and none is missing",
         [smtp(security, {"dot": times(1, deliver_and_reset)}, "afterDot closed", security=security)
          for security in ("none", "tls")], drive=comes_up_after(1)),
    case("E32", "A mail that was lost with the connection is not missed",
         [smtp(security, {"dot": times(1, reset)}, "afterDot closed", security=security)
          for security in ("none", "tls")], drive=comes_up_after(1)),
    case("E33", "A mail that was accepted and thrown away is missed",
         smtp("", {"dot": TAKEN}, "delivery notDelivered"), drive=recovers),
    case("E34", "A mail that is refused in the end was not sent",
         smtp("451", {"dot": b"451 4.3.0 not now\r\n"}, "afterDot temporary", NOT_SENT),
         smtp("552", {"dot": b"552 5.2.2 full\r\n"}, "afterDot permanent", NOT_SENT),
         smtp("554", {"dot": b"554 5.7.1 spam\r\n"}, "afterDot permanent", NOT_SENT)),
    case("E35", "An answer to the mail that has no end leaves its fate uncertain",
         smtp("", {"dot": b"250-ok\r\n" * 10000 + b"250 ok\r\n"}, "afterDot oversize", UNCERTAIN)),
    case("E36", "A mail that is delivered many times is found once, and all are deleted",
         [smtp(f"{copies}-{incoming}", {"dot": times(1, deliver(copies))}, WELL, duplicates(copies - 1),
               incoming=incoming) for copies in (2, 50) for incoming in ("pop3", "imap")]),
    case("E37", "A mail that was rewritten on its way is found by either of its two fields",
         smtp("folded", rewritten(WITHOUT_X, (rb"^(Message-ID:) (<em1\.\w{30})", rb"\1\r\n \2\r\n\t")), WELL),
         smtp("upper-case", rewritten(WITHOUT_X, (MESSAGE_ID, lambda found: found[0].upper())), WELL),
         smtp("lower-case", rewritten(WITHOUT_X, (MESSAGE_ID, lambda found: found[0].lower())), WELL),
         smtp("other-Message-ID", rewritten((MESSAGE_ID, b"Message-ID: <1@other.example>")), WELL),
         smtp("no-X-fields", rewritten(WITHOUT_X), WELL),
         smtp("subject", rewritten((b"^Subject: ", b"Subject: [EXTERNAL] ")), WELL),
         smtp("base64", rewritten((rb"^(Content-Transfer-Encoding:) 7bit", rb"\1 base64"),
                                  (rb"(?s)\r\n\r\n(.*)\Z", lambda body: b"\r\n\r\n" + b64(body[1]) + b"\r\n")),
              WELL)),
    case("E38", "A mail that lost both of its fields is missed",
         smtp("", rewritten(WITHOUT_X, (MESSAGE_ID, b"Message-ID: <1@other.example>")), "delivery notDelivered")),
    case("E39", "What is said to QUIT matters to nobody, and is not awaited for long",
         [smtp(label, {"quit": parting(action)}, WELL, within_s=1.9)
          for label, action in {"silence": silent, "500": b"500 what?\r\n", "421": b"421 bye\r\n", "reset": reset,
                                "endless": flood(b"221-bye\r\n")}.items()]),
    case("E40", "Nothing that is sent holds a line end that some server takes for the end of a mail",
         smtp("", {}, WELL, clean_lines)),
    case("E41", "A server that shuts down at any stage says so by 421",
         [smtp(verb + end, {verb: b"421 4.3.2 shutting down\r\n", **more}, stage + " shutdown", security=security)
          for verb, stage, security in (("greeting", "greeting", "none"), ("ehlo", "hello", "none"),
                                        ("starttls", "startTls", "starttls"), ("ehlo/tls", "hello", "starttls"),
                                        ("auth", "auth", "none"), ("mail", "mailFrom", "none"),
                                        ("rcpt", "rcptTo", "none"), ("data", "data", "none"),
                                        ("dot", "afterDot", "none"))
          for end, more in (IN_GROUPS if verb in ("mail", "rcpt", "data") else IN_GROUPS[:1])]),
    elsewhere("E42", "No configured text can hold a CR or LF", "unit/core/settings.no_control_characters"),
    case("E43", "A login that is answered late is awaited as long as the leg may last",
         every(MAIL, {"mechanisms": ["PLAIN"], "auth": wait(3)}, WELL, security="tls", label="late"),
         every(MAIL, {"mechanisms": ["PLAIN"], "auth": silent}, "auth timedOut", security="tls", label="never",
               check={at: column(leg, lambda ms: ms >= 3900, "4 s")
                      for at, leg in (("smtp", "send_ms"), ("pop3", "look_ms"), ("imap", "look_ms"))}),
         drive=waits_for_logins),
]
