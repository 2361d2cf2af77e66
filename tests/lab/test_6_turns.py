"""A poll takes the fewest round trips that the protocols allow, counted before real servers."""

import contextlib

import mailbox
import relay
from emailmon import monitor, verdict, watching
from listeners import LISTENERS
from places import wait_for

# Round trips a session: the connection and its greeting are one, a handshake of TLS 1.3 is one, QUIT is one.  Behind
# TLS from the first byte the greeting waits for the client's half of the handshake, which the relay sees as one more.
DUE = {
    "smtp/starttls/plain": 9,
    "imap/tls/plain": 5,   # 6 at the first contact, which must see how large the mailbox is before it reads
    "pop3/tls/plain": 7,   # 8 before a server without PIPELINING, which cannot take STAT and UIDL at once
}


def test_round_trips():
    """A poll that finds its probe takes 9 round trips for SMTP with STARTTLS and AUTH PLAIN, 5 for IMAP with TLS in a
    mailbox that is known, and 7 for POP3 with TLS and PIPELINING"""
    with contextlib.ExitStack() as stack:
        relays = {key: stack.enter_context(relay.before(LISTENERS[key])) for key in DUE}
        rows = []
        for n, key in enumerate(("imap/tls/plain", "pop3/tls/plain"), 1):
            mailbox.clear(f"u{n}")
            row = monitor(key, f"u{n}", "smtp/starttls/plain", key, interval=2)
            for part, door in (("smtp", "smtp/starttls/plain"), ("incoming", key)):
                row[part].update(server=relays[door].host, port=relays[door].port, tls_name=LISTENERS[door].name)
            rows.append(row)
        program = stack.enter_context(watching(rows))
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip") and int(row["Polls"]) >= 5, 25, "five polls")
        for key, due in DUE.items():
            seen = wait_for(lambda key=key: len(relays[key].ended) >= 5 and list(relays[key].ended), 10,
                            f"polls by {key}")
            waited = [conversation.turns - (LISTENERS[key].security == "tls") for conversation in seen[2:]]
            assert set(waited) == {due}, f"{key}: {waited} round trips, not {due}: {seen[-1]}"
