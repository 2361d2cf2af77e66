"""Every fault of a server makes its row Down, with the leg, the stage and the cause."""

import mailbox
import postfix
import users
from emailmon import failure, monitor, verdict, watching
from listeners import BAD_CERTS, CLOSED, DEAF, SILENT, SILENT_TLS
from places import wait_for

BY_CERT = {"expired": "certExpired", "wrongname": "certName", "selfsigned": "certUntrusted",
           "untrusted": "certUntrusted"}


def at(prefix, door, security="none"):
    """The changes that send one leg to a door without a server."""
    return {prefix + "__server": door[0], prefix + "__port": door[1], prefix + "__security": security,
            prefix + "__timeout": 1}


def faults():
    """(name, monitor's arguments, leg, stage, cause) of every single fault."""
    yield from smtp_faults()
    yield from incoming_faults()
    for cert, cause in BY_CERT.items():
        for security in ("starttls", "tls"):
            yield f"smtp {security} {cert}", {"smtp": f"smtp/{security}/noauth/{cert}"}, "smtp", "tls", cause
            for protocol in ("pop3", "imap"):
                yield (f"{protocol} {security} {cert}", {"incoming": f"{protocol}/{security}/all/{cert}"},
                       "incoming", "tls", cause)
    assert set(BY_CERT) == set(BAD_CERTS)


def smtp_faults():
    yield "refused recipient", {"detail": "refused"}, "smtp", "rcptTo", "permanent"
    yield "deferred recipient", {"detail": "deferred"}, "smtp", "rcptTo", "temporary"
    yield "refused sender", {"smtp__from": users.REFUSED_SENDER}, "smtp", "mailFrom", "permanent"
    yield "refused after the dot", {"detail": users.AFTER_DOT}, "smtp", "afterDot", "permanent"
    yield "vanishing mail", {"detail": "vanish"}, "delivery", "delivery", "notDelivered"
    yield "smtp closed", at("smtp", CLOSED), "smtp", "connect", "refused"
    yield "smtp silent", at("smtp", SILENT), "smtp", "greeting", "timedOut"
    yield "smtp silent tls", at("smtp", SILENT_TLS, "tls"), "smtp", "tls", "timedOut"
    yield "smtp deaf", at("smtp", DEAF), "smtp", "connect", "timedOut"
    yield "smtp nowhere", {"smtp__server": "nowhere.lab.test"}, "smtp", "resolve", "noSuchName"
    yield "smtp starttls not offered", {"smtp__security": "starttls"}, "smtp", "startTls", "unsupported"
    yield "smtp without tls", {"smtp__security": "tls"}, "smtp", "tls", "malformed"
    yield ("smtp plain in clear", {"smtp": "smtp/none/plain", "smtp__plaintext_auth": False},
           "smtp", "auth", "plaintextRefused")
    yield ("smtp login in clear", {"smtp": "smtp/none/login", "smtp__plaintext_auth": False},
           "smtp", "auth", "plaintextRefused")
    for security in ("starttls", "tls"):
        yield (f"smtp {security} wrong password", {"smtp": f"smtp/{security}/wrong", "smtp__password": "not it"},
               "smtp", "auth", "badCredentials")
        yield f"smtp {security} too old", {"smtp": f"smtp/{security}/noauth/tooold"}, "smtp", "tls", "tlsVersion"


def incoming_faults():
    for protocol in ("pop3", "imap"):
        kind = {"incoming__type": protocol}
        yield f"{protocol} closed", {**at("incoming", CLOSED), **kind}, "incoming", "connect", "refused"
        yield f"{protocol} silent", {**at("incoming", SILENT), **kind}, "incoming", "greeting", "timedOut"
        yield f"{protocol} silent tls", {**at("incoming", SILENT_TLS, "tls"), **kind}, "incoming", "tls", "timedOut"
        yield f"{protocol} deaf", {**at("incoming", DEAF), **kind}, "incoming", "connect", "timedOut"
        yield (f"{protocol} nowhere", {"incoming__server": "nowhere.lab.test", **kind},
               "incoming", "resolve", "noSuchName")
        yield (f"{protocol} starttls not offered",
               {"incoming": f"{protocol}/none/plain", "incoming__security": "starttls"},
               "incoming", "startTls", "unsupported")
        yield (f"{protocol} plain in clear",
               {"incoming": f"{protocol}/none/plain", "incoming__plaintext_auth": False},
               "incoming", "auth", "plaintextRefused")
        yield (f"{protocol} wrong password", {"incoming": f"{protocol}/tls/wrong", "incoming__password": "not it"},
               "incoming", "auth", "badCredentials")


def test_every_fault():
    """Every fault, and none besides it, makes its row down at its first or second poll, with leg, stage and cause in
    the table, in `emailmon status` and in the trap"""
    table = list(faults())
    rows = [monitor(name, f"u{n % 60 + 1}", **{"interval": 4, **changes})
            for n, (name, changes, *_) in enumerate(table, 1)]
    for n in range(1, 61):
        mailbox.clear(f"u{n}")
    due = {name: (leg, stage, cause) for name, _, leg, stage, cause in table}
    with watching(rows) as program:
        program.wait_rows(lambda row: row["OperStatus"] == "down", 40, "every row down")
        seen = program.table()
        wrong = [f"{name}: {'/'.join(failure(row))} for {'/'.join(due[name])} ({row['FailureText']})"
                 for name, row in seen.items() if failure(row) != due[name] or verdict(row) != ("down", "none")]
        late = [f"{name}: down after {row['Transitions']} events" for name, row in seen.items()
                if row["Transitions"] != "1"]
        untold = [name for name, row in seen.items() if not row["FailureText"]]
        assert not wrong + late + untold, "\n    ".join(["", *wrong, *late, *untold])
        wait_for(lambda: len(program.traps("emailMonDown")) >= len(rows), 5, "a trap for each row")
        check_traps(program, due)
        check_status(program, due)


def check_traps(program, due):
    told = {}
    for trap in program.traps("emailMonDown"):
        told[trap["emailMonName"]] = tuple(trap["emailMonFailure" + part] for part in ("Leg", "Stage", "Cause"))
    assert told == due, [f"{name}: {told.get(name)} for {due[name]}" for name in due if told.get(name) != due[name]]


def check_status(program, due):
    def told(rows):
        return {name: tuple(row["failure_" + part] for part in ("leg", "stage", "cause")) for name, row in rows.items()}

    def untold():
        code, printed, error = program.run("status")
        assert code == 0 and not error, f"status ends with {code}: {error}"
        return [name for name, row in program.table().items()
                if name not in printed or row["FailureText"] not in printed]
    program.wait_status(lambda rows: told(rows) == due, "every failure")
    wait_for(lambda: not untold(), 10, "every text of the table in `emailmon status`")


def test_held_mail():
    """A row whose mail is held is down at its second poll, and after the release up again with one mail counted late"""
    mailbox.clear("u1")
    with watching([monitor("held", "u1", detail="held", interval=4)]) as program:
        down = program.wait_rows(lambda row: row["OperStatus"] == "down", 12, "the row down")["held"]
        assert (down["Polls"], *failure(down)) == ("2", "delivery", "delivery", "notDelivered"), down
        held = wait_for(lambda: len(postfix.queue()) == 2 and postfix.queue(), 3, "two held mails")
        assert {queue for queue, _ in held} == {"hold"}, held
        postfix.release_held()
        again = program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip"), 8, "the row up")["held"]
        assert (again["Late"], again["Lost"]) == ("1", "0"), again
        wait_for(lambda: len(program.traps("emailMonUp")) == 1, 3, "one trap emailMonUp")


def test_secretive_servers():
    """A server that offers clear-text logins only and refuses them without TLS makes the row down at the login, and
    one that also knows SCRAM lets it in"""
    for user in ("u1", "u2", "u3", "u4"):
        mailbox.clear(user)
    rows = [monitor(f"{protocol} {login}", f"u{n}", incoming=f"{protocol}/none/{login}/secretive", interval=3)
            for n, (protocol, login) in enumerate([(p, lo) for p in ("pop3", "imap") for lo in ("plain", "all")], 1)]
    for row in rows:
        row["incoming"]["plaintext_auth"] = True
    with watching(rows) as program:
        seen = program.wait_table(lambda table: all(int(row["Polls"]) >= 3 for row in table.values()),
                                  20, "three polls")
        for protocol in ("pop3", "imap"):
            assert verdict(seen[protocol + " all"]) == ("up", "roundTrip"), seen[protocol + " all"]
            leg, stage, _ = failure(seen[protocol + " plain"])
            assert (leg, stage) == ("incoming", "auth"), seen[protocol + " plain"]
