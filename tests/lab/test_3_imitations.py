"""A mailbox full of mails that imitate probes: none is lost that is not the row's own, and none makes a row Up."""

import sqlite3
import time

import mailbox
import tokens
from emailmon import failure, monitor, verdict, watching
from places import LabError, wait_for

FORGED, OTHERS, REPLAYS = 4000, 3000, 3000
ROWS = {"by imap": ("u51", "imap/none/plain"), "by pop3": ("u52", "pop3/none/plain")}
SCANNED_S = 150               # five hundred mails a look at most, and a look a second


def bearing(token):
    return tokens.bearing(token).replace(b"\r\n", b"\n")


def a_probe(user):
    """The octets of a probe, while it lies in the mailbox."""
    def found():
        return next((content for _, _, content, _ in mailbox.mails(user) if mailbox.PROBE.search(content)), None)
    return wait_for(found, 10, "a probe in the mailbox")


def serials(program):
    with sqlite3.connect(f"file:{program.settings['state']}?mode=ro", uri=True) as state:
        return dict(state.execute("SELECT name, serial FROM row"))


def imitations(program, name, probe):
    """Mails that are not this row's: tokens of this row with another seal, and valid ones of other rows."""
    key = tokens.Key(program.settings["state"] + ".key")
    other = next(serial for row, serial in serials(program).items() if row != name)
    return [*(bearing(tokens.forged(tokens.token_of(probe))) for _ in range(FORGED)),
            *(bearing(key.token(other, time.time())) for _ in range(OTHERS))]


def test_ten_thousand_imitations():
    """Ten thousand mails that imitate probes, by right form and wrong seal, with tokens of other rows, and copies of
    probes that were deleted: the row's own copies go, all others stay, and a row whose mail is lost stays down"""
    for user, _ in ROWS.values():
        mailbox.clear(user)
    with watching([monitor(name, user, incoming=door) for name, (user, door) in ROWS.items()]) as program:
        probes = {name: a_probe(user) for name, (user, _) in ROWS.items()}
        program.wait_rows(lambda row: int(row["Delivered"]) >= 2, 20, "two round trips")
        program.rows = [monitor(name, user, incoming=door, detail="vanish") for name, (user, door) in ROWS.items()]
        program.reload()
        program.wait_rows(lambda row: failure(row)[2] == "notDelivered", 20, "mail to be lost")
        before = program.table()
        for name, (user, _) in ROWS.items():
            for number, content in enumerate([*imitations(program, name, probes[name]), *[probes[name]] * REPLAYS]):
                mailbox.put(user, content, number=number)
        foreign = {user: kept(user, probes[name]) for name, (user, _) in ROWS.items()}
        for name in ROWS:
            wait_done(program, name, before[name], ROWS[name][0], probes[name])
        for name, (user, _) in ROWS.items():
            assert kept(user, probes[name]) == foreign[user], f"{name}: a mail that is not its own is gone or changed"


def kept(user, probe):
    """{unique name: octets} of all but the copies of this row's probe."""
    return {name: content for name, _, content, _ in mailbox.mails(user) if content != probe}


def wait_done(program, name, before, user, probe):
    """Until all copies are gone and all imitations counted; a row that was up meanwhile is a failure."""
    more = {}

    def is_done():
        row = program.table()[name]
        assert verdict(row)[0] == "down" and row["Transitions"] == before["Transitions"], f"{name}: {row}"
        more.update({column: int(row[column]) - int(before[column])
                     for column in ("Delivered", "Duplicates", "Strays", "Forged", "Polls")})
        return (more["Duplicates"] + more["Strays"] >= REPLAYS and more["Forged"] >= FORGED
                and not any(content == probe for _, _, content, _ in mailbox.mails(user)))
    try:
        wait_for(is_done, SCANNED_S, f"{name}: mailbox read")
    except LabError as error:
        raise LabError(f"{error}: {more}") from None
    assert more["Delivered"] == 0, f"{name}: an imitation counts as delivery"
