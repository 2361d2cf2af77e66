"""What scripts make servers do at the stage "tls" (see actions.py).

by_hand(then) makes a handshake whose records pass through our hands; `then` is a function of ByHand (records.py) that
says what no honest server says.
"""

import time

import certs
from records import (ALERT, CERTIFICATE, DATA, ENCRYPTED_EXTENSIONS, HANDSHAKE, SERVER_HELLO, TICKET, TLS13, ByHand,
                     message, record)
from wire import Gone

FATAL, WARNING = 2, 1
HANDSHAKE_FAILURE, INTERNAL_ERROR, USER_CANCELED = 40, 80, 90     # alerts


def presents(certificate, **how):
    """A handshake with that certificate; `how`: see certs.context()."""
    return lambda session, _line: session.wire.secure(certs.context(certificate, **how))


def by_hand(then=None, version=TLS13, certificate="good", most=None):
    """A handshake, or so many records of the server's side of it, and then(tls).  After a whole handshake the right
    replies follow."""
    def act(session, _line):
        wire = session.wire
        try:
            tls = ByHand(wire.socket, certs.path(certificate), version)
            tls.shake(most)
            if then:
                then(tls)
        except OSError as error:
            raise Gone(str(error)) from None
        if most is not None:
            wire.until_gone()
        wire.secured_by(tls)
        session.server.hellos.append(tls.hello)
    return act


def by_name(wanted, right="good", wrong="expired"):
    """The right certificate for those alone who ask for that name; None: who ask for none."""
    def choose(connection, name, _context):
        if name != wanted:
            connection.context = certs.context(wrong)

    def act(session, _line):
        context = certs.new_context(right)
        context.sni_callback = choose
        session.wire.secure(context)
    return act


def goodbye(session, _line):
    """close_notify right after the handshake."""
    session.wire.secure(session.server.context)
    try:
        session.wire.socket.unwrap()
    except OSError:
        pass
    session.wire.close()


def inside(then):
    """The same in the middle of a session that began by hand."""
    return lambda session, _line: then(session.wire.socket)


# --- what is said by hand then ---

def sends(kind, octets, times=1):
    """A record, so many times."""
    def act(tls):
        for _ in range(times):
            tls.say(kind, octets)
    return act


def sends_clear(octets, times=1, every_s=0.0):
    """These octets outside of TLS."""
    def act(tls):
        for _ in range(times):
            tls.plain.sendall(octets)
            time.sleep(every_s)
    return act


def alert(number, level=FATAL, times=1):
    return sends(ALERT, bytes([level, number]), times)


def key_updates(times):
    def act(tls):
        for _ in range(times):
            tls.update_keys()
    return act


def wrong_mac(tls):
    good = tls.keys.protect(DATA, b"* OK hello\r\n")
    tls.plain.sendall(good[:-1] + bytes([good[-1] ^ 1]))


def dripping(tls):
    """The server's side of the handshake, an octet at a time."""
    for octet in b"".join(tls.flight()):
        tls.plain.sendall(bytes([octet]))
        time.sleep(0.3)


# --- messages ---

def extension(kind, octets=b""):
    return kind.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets


def extensions(*them):
    whole = b"".join(them)
    return len(whole).to_bytes(2, "big") + whole


def certificates(*them):
    """Certificate of TLS 1.3 (RFC 8446 s. 4.4.2); each is its octets."""
    no_context = b"\0"
    listed = b"".join(len(one).to_bytes(3, "big") + one + extensions() for one in them)
    return message(CERTIFICATE, no_context + len(listed).to_bytes(3, "big") + listed)


def encrypted_extensions(*more):
    return message(ENCRYPTED_EXTENSIONS, extensions(*more))


def ticket(*more, lifetime_s=7200):
    """NewSessionTicket of TLS 1.3, with these extensions (RFC 8446 s. 4.6.1)."""
    age_mask, nonce, octets = b"\1\2\3\4", b"\1\7", b"\0\x08a ticket"
    return message(TICKET, lifetime_s.to_bytes(4, "big") + age_mask + nonce + octets + extensions(*more))


def server_hello(*more, version=b"\x03\x03", random=bytes(32), cipher=b"\xc0\x2c"):
    """The record of a ServerHello of TLS 1.2 or before."""
    no_session, no_compression = b"\0", b"\0"
    return record(HANDSHAKE, message(SERVER_HELLO, version + random + no_session + cipher + no_compression
                                     + extensions(*more)))
