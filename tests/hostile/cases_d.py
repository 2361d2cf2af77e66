"""D: TLS."""

import ssl

import certs
import names
from actions import close, hear, say, silent
from case import MAIL, WELL, Play, case, every, later
from checks import both, column, says_nothing_inside, shows
from records import (ALERT, CERTIFICATE, CERTIFICATE_REQUEST, COMPRESSED_CERTIFICATE, DATA, HANDSHAKE, HELLO_REQUEST,
                     TLS12, TLS13, message, offered, record)
from server import Server
from tls import (HANDSHAKE_FAILURE, INTERNAL_ERROR, USER_CANCELED, WARNING, alert, by_hand, by_name, certificates,
                 dripping, encrypted_extensions, extension, goodbye, inside, key_updates, presents, sends, sends_clear,
                 server_hello, ticket, wrong_mac)
from world import SETTLE_S, Failed

BESIDE = [Play("smtp", {}, WELL, security="starttls", label="beside"),
          Play("imap", {}, WELL, security="tls", label="beside")]   # on the same loop, with the same queue of errors
EXPIRED, NAME, UNTRUSTED = "tls certExpired", "tls certName", "tls certUntrusted"
ALERTED, MALFORMED, POLICY = "tls tlsAlert", "tls malformed", "tls policy"
GREASE, SAFE_RENEGOTIATION = extension(0x0a0a), extension(0xff01, b"\0")
SUPPORTED_GROUPS, PRE_SHARED_KEY, EARLY_DATA = 10, 41, 42           # extensions
FINITE_FIELD = 1                                                    # the first octet of such groups (RFC 7919)
MEBIBYTE = 1 << 20
SECOND = "127.0.0.6"
VERSIONS = TLS12, TLS13
STATES = [(version, most) for version in VERSIONS for most in range(7)]    # the server's side has six records in both
CHANGED = (TLS12, 5)                      # ChangeCipherSpec was the last: now nothing but Finished may come


def tls_case(number, says, *plays):
    """A case beside which honest TLS must go on."""
    return case(number, says, *plays, BESIDE)


def play(script, ends, label, at="imap", **more):
    return Play(at, {"tls": script} if callable(script) else script, ends, label=label, **{"security": "tls", **more})


def refused(certificate, ends, text="", at="imap", name="hostile.test", ended=False, version=None, **more):
    """The certificate is refused, in these words, before anything is said; how long it is valid can be seen."""
    days = column("LEG_cert_days", lambda days: (days < 0) == ended, "negative" if ended else "positive")
    return play(presents(certificate, version=version), ends, certificate, at, settings={"tls_name": name},
                check=both(says_nothing_inside, shows(text), days), **more)


def everywhere(*arguments, **more):
    return [refused(*arguments, at=at, security=security, **more) for at in MAIL for security in ("tls", "starttls")]


def believed(certificate, name="hostile.test"):
    return play(presents(certificate), WELL, "believed-" + certificate, settings={"tls_name": name})


def by_turns(certificate, name, ends):
    """The name has two addresses by turns; at the second a server presents that certificate."""
    def arm(server):
        server.other = Server(server.protocol, server.mailbox, server.security, place=(SECOND, server.port))
        server.other.user, server.other.password = server.user, server.password
        server.other.context = certs.context(certificate)

    def check(world, scene, _row):
        def speaks(_now=None):
            return any(wire.inside for wire in scene.hostile.other.wires)
        if ends == WELL:
            world.wait(speaks, f"{scene.name} to come to the second address", SETTLE_S)
        elif speaks():
            raise Failed(f"{scene.name} speaks inside TLS to whom nothing is proven")
    return play({"resolve": names.in_turn(*names.GOOD, SECOND)}, ends, certificate, settings={"server": name}, arm=arm,
                check=check)


def after(most, version, then, ends, label):
    """After so many records of the server's side of the handshake."""
    return play(by_hand(then, version, most=most), ends, f"{version.name.lower()}-{most}-{label}")


def full_sessions(_world, scene, _row):
    """No ClientHello offers to resume a session, nor data before the handshake is done."""
    if any({EARLY_DATA, PRE_SHARED_KEY} & offered(hello).keys() for hello in scene.hostile.hellos):
        raise Failed("a session is resumed")


def elliptic_groups(_world, scene, _row):
    """One of a thousand octets would keep the loop from all other rows while it is computed with."""
    for hello in scene.hostile.hellos:
        listed = offered(hello)[SUPPORTED_GROUPS][2:]
        if any(listed[at] == FINITE_FIELD for at in range(0, len(listed), 2)):
            raise Failed(f"the client offers the groups {listed.hex()}")


def recovers(world, scene, row):
    """All probes are found once the server is good again."""
    scene.hostile.armed = False
    name = scene.name
    now = world.wait(lambda now: now[name]["delivered"] > row["delivered"] and now[name]["outstanding"] <= 1,
                     f"{name} to recover", SETTLE_S)[name]
    if now["lost"] or now["duplicates"] or now["strays"]:
        raise Failed(f"{name}: {now['lost']} lost, {now['duplicates']} duplicates, {now['strays']} strays")


def refuses_renegotiation(tls):
    """HelloRequest; the client must answer with an alert."""
    tls.say(HANDSHAKE, message(HELLO_REQUEST))
    kind = tls.plain.recv(65536)[0]
    if kind != ALERT:
        raise AssertionError(f"the client answers HelloRequest with a record of type {kind}")
    tls.plain.close()


CASES = [
    tls_case("D01", "An expired certificate is refused, and its days are shown",
             everywhere("expired", EXPIRED, "certificate has expired", ended=True),
             refused("of-ended", EXPIRED, "certificate has expired", ended=True)),
    tls_case("D02", "A certificate that is not valid yet is refused as expired, and the text tells it apart",
             everywhere("future", EXPIRED, "not yet valid"),
             refused("no-end", UNTRUSTED, "notAfter")),
    tls_case("D03", "A certificate for other names is refused; the subject is no name",
             everywhere("other-name", NAME, "other.test"),
             refused("subject-alone", NAME), refused("no-names", NAME)),
    tls_case("D04", "A wildcard stands for one whole label, the first, below two others",
             refused("wildcard", NAME, name="a.b.hostile.test"),
             refused("star", NAME), refused("star-top", NAME),
             refused("star-inside", NAME, name="mail.hostile.test"),
             refused("star-second", NAME, name="mail.hostile.test"),
             refused("star-twice", NAME, name="mail.hostile.test"),
             believed("wildcard", name="mail.hostile.test")),
    tls_case("D05", "A NUL does not end a name",
             everywhere("nul", NAME, "hostile.test\\x00.evil.test"), refused("nul-subject", NAME)),
    tls_case("D06", "An address is proven by an address, not by a name with its digits",
             refused("digits", NAME, "127.0.0.1 as a name", name=""), believed("address", name=""),
             refused("no-address", NAME, "it is for other.test", name="")),
    tls_case("D07", "A chain that does not lead to a trusted authority by authorities is refused",
             everywhere("self-signed", UNTRUSTED, "self-signed"),
             refused("of-stranger", UNTRUSTED, "self-signed"),
             refused("of-nobody", UNTRUSTED, "local issuer"), refused("of-leaf", UNTRUSTED, "CA"),
             refused("too-long", UNTRUSTED, "path length"), refused("too-deep", UNTRUSTED, "too long"),
             refused("forged", UNTRUSTED, "signature"),
             after(3, TLS13, sends(HANDSHAKE, certificates()), MALFORMED, "no-certificate"),
             after(3, TLS13, sends(HANDSHAKE, certificates(b"not DER")), MALFORMED, "not-DER"),
             believed("of-inner")),
    tls_case("D08", "A certificate for another use is refused",
             refused("client-alone", UNTRUSTED, "purpose"), refused("lists-alone", UNTRUSTED, "purpose")),
    tls_case("D09", "Weak keys and digests are refused, and the text names them",
             refused("rsa1024", UNTRUSTED, "key too weak"), refused("rsa512", UNTRUSTED, "key too weak", version=TLS12),
             refused("sha1", UNTRUSTED, "digest algorithm too weak"),
             refused("md5", UNTRUSTED, "digest algorithm too weak")),
    tls_case("D10", "Old versions, weak ciphers and groups that a server may choose at will are refused",
             play(presents("good", version=ssl.TLSVersion.TLSv1), "tls tlsVersion", "1.0"),
             play(presents("good", version=ssl.TLSVersion.TLSv1_1), "tls tlsVersion", "1.1"),
             play(say(hear, server_hello(version=b"\x03\x00", cipher=b"\x00\x05")), "tls tlsVersion", "ssl-3"),
             play(presents("good", version=TLS12, ciphers="aNULL"), ALERTED, "anonymous"),
             play(say(hear, server_hello(random=bytes(24) + b"DOWNGRD\1")), "tls tlsVersion", "downgrade"),
             play(say(hear, server_hello(cipher=b"\x00\x03")), MALFORMED, "export"),
             play(presents("rsa2048", version=TLS12, ciphers="DHE", group=certs.GROUP), ALERTED, "own-group"),
             play(by_hand(), WELL, "groups", check=elliptic_groups)),
    later("D11", "A pinned key is asked for whatever the chain says", "tls_pin"),
    tls_case("D12", "A list of certificates is read up to its cap",
             refused("of-200", POLICY),
             after(1, TLS12, sends(HANDSHAKE, message(CERTIFICATE, size=10 * MEBIBYTE)), POLICY, "10-MiB"),
             after(3, TLS13, sends(HANDSHAKE, message(CERTIFICATE, size=10 * MEBIBYTE)), POLICY, "10-MiB")),
    tls_case("D13", "A handshake has a time and a size",
             every(MAIL, {"tls": by_hand(dripping, most=0)}, "tls timedOut", security="tls", label="drip"),
             every(MAIL, {"tls": say(hear, silent)}, "tls timedOut", security="starttls", label="silent"),
             after(0, TLS12, sends_clear(record(HANDSHAKE, message(HELLO_REQUEST) * 4000), 100), POLICY, "requests"),
             after(0, TLS12, sends_clear(record(HANDSHAKE, b"") * 100, 100), POLICY, "empty")),
    tls_case("D14", "Records without data are taken in small numbers alone",
             [play(by_hand(sends(DATA, b"", 1000), version), POLICY, f"empty-{version.name}") for version in VERSIONS],
             play(by_hand(sends(HANDSHAKE, ticket(), 1000)), POLICY, "tickets"),
             play(by_hand(key_updates(1000)), POLICY, "key-updates"),
             [play(by_hand(alert(USER_CANCELED, WARNING, 1000), version), POLICY, f"warnings-{version.name}")
              for version in VERSIONS],
             play(by_hand(sends(HANDSHAKE, message(HELLO_REQUEST), 1000), TLS12), POLICY, "requests"),
             play(by_hand(sends(HANDSHAKE, ticket(), 10)), WELL, "few-tickets"),
             play(by_hand(key_updates(10)), WELL, "few-key-updates")),
    tls_case("D15", "Nothing is renegotiated, and no certificate is shown to those who ask",
             play(by_hand(refuses_renegotiation, TLS12, most=99), "greeting closed", "renegotiation"),
             [play(presents("good", version=version, asks=asks), ends, f"{asks.name}-{version.name}")
              for version in VERSIONS for asks, ends in ((ssl.CERT_OPTIONAL, WELL), (ssl.CERT_REQUIRED, ALERTED))],
             play(by_hand(sends(HANDSHAKE, message(CERTIFICATE_REQUEST, b"\0\0\0"))), MALFORMED, "asked-later")),
    tls_case("D16", "An alert, garbage or a wrong MAC at any state of a handshake is told apart",
             [after(most, version, alert(HANDSHAKE_FAILURE), ALERTED, "alert")
              for version, most in STATES if (version, most) != CHANGED],
             after(*reversed(CHANGED), alert(HANDSHAKE_FAILURE), MALFORMED, "alert"),
             [after(most, version, sends_clear(b"\x99" * 64), MALFORMED, "garbage")
              for version, most in ((TLS12, 0), (TLS12, 1), (TLS12, 5), (TLS13, 2), (TLS13, 6))],
             [after(most, version, wrong_mac, MALFORMED, "mac")
              for version, most in ((TLS12, 6), (TLS13, 2), (TLS13, 6))],
             [play({"tls": by_hand(), "auth": inside(then)}, ends, "auth-" + label)
              for label, then, ends in (("alert", alert(INTERNAL_ERROR), ALERTED),
                                        ("garbage", sends_clear(b"\x99" * 64), MALFORMED),
                                        ("mac", wrong_mac, MALFORMED))]),
    tls_case("D17", "A connection that just ends after QUIT or LOGOUT has done what was due",
             every(MAIL, {}, WELL, security="tls"),
             play({"quit": close}, WELL, "no-answer", at="smtp"), play({"logout": close}, WELL, "no-answer")),
    tls_case("D18", "An answer that just ends is no answer, and the next one is as if it had not been",
             play({"hello": say(b"250-hostile.test\r\n250-AUTH PLAIN\r\n", close)}, "hello closed", "hello", at="smtp"),
             play({"capa": say(b"+OK\r\nUIDL\r\n", close)}, "hello closed", "capa", at="pop3"),
             play({"uidl": say(b"+OK\r\n1 uid1\r\n", close)}, "search closed", "uidl", at="pop3", check=recovers),
             play({"top": say(b"+OK\r\nSubject: x\r\n", close)}, "fetch closed", "top", at="pop3"),
             play({"select": say(b"* 2 EXISTS\r\n* OK [UIDVAL", close)}, "select closed", "select"),
             play({"fetch": say(b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)] {99}\r\nSubj", close)}, "fetch closed",
                  "fetch", check=recovers)),
    tls_case("D19", "close_notify right after the handshake is a closed connection",
             every(MAIL, {"tls": goodbye}, "greeting closed", security="tls"),
             every(MAIL, {"tls": goodbye}, "hello closed", security="starttls")),
    tls_case("D20", "Each connection is held to the certificate that it presents, whatever another address showed",
             by_turns("expired", "hostile.test", EXPIRED), by_turns("of-inner", "mail.hostile.test", WELL)),
    tls_case("D21", "Tickets are not used, whatever they promise",
             play(by_hand(sends(HANDSHAKE, ticket(extension(EARLY_DATA, b"\xff" * 4), lifetime_s=(1 << 32) - 1))), WELL,
                  "tickets", check=full_sessions)),
    tls_case("D22", "A name is asked for, an address is not",
             play(by_name("hostile.test"), WELL, "tls-name", settings={"tls_name": "hostile.test"}),
             play(by_name("localhost"), WELL, "own-name", settings={"server": "localhost"}),
             play(by_name(None), WELL, "address")),
    tls_case("D23", "What TLS does not know is skipped where it may stand, and malformed elsewhere",
             play(by_hand(sends(HANDSHAKE, ticket(GREASE))), WELL, "ticket"),
             after(0, TLS12, sends_clear(server_hello(SAFE_RENEGOTIATION, GREASE)), "tls timedOut", "grease"),
             after(2, TLS13, sends(HANDSHAKE, encrypted_extensions(GREASE)), "tls timedOut", "grease"),
             after(2, TLS13, sends(HANDSHAKE, encrypted_extensions(extension(EARLY_DATA))), MALFORMED, "early-data"),
             after(3, TLS13, sends(HANDSHAKE, message(COMPRESSED_CERTIFICATE, bytes(64))), MALFORMED, "compressed"),
             play(by_hand(sends(HANDSHAKE, message(0xaa))), MALFORMED, "message")),
    tls_case("D24", "A subject is shown escaped, and cut",
             refused("controls", UNTRUSTED, "evil\\x0D\\x0A\\x1B[2J%n\\x7F\\xC2\\x85\\xE2\\x80\\xAE"),
             refused("huge", UNTRUSTED, "hugehuge"),
             refused("controls-in-name", NAME, "evil\\x0D\\x0A\\x1B[2J%n.test"), believed("huge-good")),
]
