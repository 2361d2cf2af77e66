"""The certificates of the servers: authorities that the program trusts, and what they, and others, have signed."""

import dataclasses
import functools
import os
import ssl
import time

import x509
from x509 import alt_names, authority, dns

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "build", "hostile", "certs")
FOLDER = os.environ.get("EMAILMON_HOSTILE_CERTS") or os.path.realpath(FOLDER)
CA = os.path.join(FOLDER, "trusted.pem")
FRESH_S = 7 * 86400
GROUP, GROUP_BITS = os.path.join(FOLDER, "group.pem"), 10_000      # as many as OpenSSL lets a server choose
NAME, ADDRESS = dns(b"hostile.test"), x509.address("127.0.0.1")
OTHERS = dns(b"mail.hostile.test"), dns(b"a.b.hostile.test"), dns(b"localhost")


@dataclasses.dataclass(frozen=True)
class Wish:
    extensions: tuple = (alt_names(NAME, ADDRESS, *OTHERS),)
    subject: bytes = b"a server of tests"
    issuer: str = "ca"            # of an earlier line; "": itself
    days: tuple = (-9, 30)        # from, to
    key: str = "ec"               # or the bits of an RSA key
    algorithm: str = "ec-sha256"  # that its issuer signs it by
    chain: tuple = ()             # shown besides


def of_authority(subject, issuer="", path_length=None, **more):
    return Wish((authority(path_length),), subject, issuer, **more)


def named(*names, **more):
    return Wish((alt_names(*names),), **more)


DEEP = [f"deep{depth}" for depth in range(12)]
WISHES = {
    # authorities; the first two are trusted
    "ca": of_authority(b"an authority of tests"),
    "ca-rsa": of_authority(b"another, with RSA", key="2048", algorithm="rsa-sha256"),
    "stranger": of_authority(b"a stranger"),
    "impostor": of_authority(b"an authority of tests"),
    "inner": of_authority(b"an authority between", "ca"),
    "short": of_authority(b"an authority of leaves alone", "ca", path_length=0),
    "below-short": of_authority(b"an authority too much", "short"),
    "ended": of_authority(b"an authority that has ended", "ca", days=(-9, -2)),
    **{name: of_authority(name.encode(), before) for name, before in zip(DEEP, ["ca", *DEEP])},

    # what is as it should be
    "good": Wish(),
    "of-inner": Wish(issuer="inner", chain=("inner",)),
    "wildcard": named(dns(b"*.hostile.test")),
    "address": named(ADDRESS),

    # time
    "expired": Wish(days=(-9, -2)),
    "future": Wish(days=(2, 30)),
    "no-end": Wish(days=(-9, b"991399000000Z")),
    "of-ended": Wish(issuer="ended", chain=("ended",)),

    # names
    "other-name": named(*map(dns, (b"other.test", b"ahostile.test", b"hostile.test.a", b"www.hostile.test"))),
    "subject-alone": Wish((), b"hostile.test"),
    "no-names": Wish((alt_names(),), b"hostile.test"),
    "star": named(dns(b"*")),
    "star-top": named(dns(b"*.test")),
    "star-inside": named(dns(b"h*e.test"), dns(b"m*l.hostile.test")),
    "star-second": named(dns(b"mail.*.test")),
    "star-twice": named(dns(b"*.*.test")),
    "nul": named(dns(b"hostile.test\0.evil.test")),
    "nul-subject": Wish((alt_names(dns(b"\0")),), b"hostile.test\0.evil.test"),
    "digits": named(dns(b"127.0.0.1")),
    "no-address": named(x509.address("127.0.0"), x509.address("127.0.0.1.1"), dns(b"other.test")),
    "controls-in-name": named(dns(b"evil\r\n\x1b[2J%n.test")),

    # issuers
    "self-signed": Wish(issuer=""),
    "of-stranger": Wish(issuer="stranger", chain=("stranger",)),
    "of-nobody": Wish(issuer="inner"),
    "forged": Wish(issuer="impostor"),
    "of-leaf": Wish(subject=b"a leaf of a leaf", issuer="good", chain=("good",)),
    "too-long": Wish(issuer="below-short", chain=("below-short", "short")),
    "too-deep": Wish(issuer=DEEP[-1], chain=tuple(reversed(DEEP))),
    "filler": Wish(subject=b"x" * 600),
    "of-200": Wish(chain=("filler",) * 200),

    # what they are for
    "client-alone": Wish((alt_names(NAME), x509.purpose(x509.CLIENT_AUTH))),
    "lists-alone": Wish((alt_names(NAME), x509.key_usage(x509.CRL_SIGN))),

    # weak keys and digests
    "rsa512": Wish(key="512"),
    "rsa1024": Wish(key="1024"),
    "rsa2048": Wish(key="2048"),
    "sha1": Wish(algorithm="ec-sha1"),
    "md5": Wish(issuer="ca-rsa", algorithm="rsa-md5"),

    # subjects
    "controls": Wish(subject=b"evil\r\n\x1b[2J%n\x7f\xc2\x85\xe2\x80\xae", issuer="stranger"),
    "huge": Wish(subject=b"huge" * 16384, issuer="stranger"),
    "huge-good": Wish(subject=b"huge" * 16384),
}


def path(name, end=".pem"):
    return os.path.join(FOLDER, name + end)


def make_one(name, wish):
    issuer = wish.issuer or name
    x509.make_key(path(name, ".key"), wish.key)
    with open(path(name, ".crt"), "wb") as f:
        f.write(x509.certificate(path(name, ".key"), wish.subject, wish.extensions, wish.days, path(issuer, ".key"),
                                 WISHES[issuer].subject, wish.algorithm))


def join(to, *files):
    with open(to, "wb") as whole:
        for file in files:
            with open(file, "rb") as part:
                whole.write(part.read())


def is_fresh():
    sources = (__file__, x509.__file__)
    return (os.path.exists(CA) and time.time() - os.path.getmtime(CA) < FRESH_S
            and all(os.path.getmtime(source) < os.path.getmtime(CA) for source in sources))


def make():
    """All of them; made anew before they end."""
    if is_fresh():
        return
    os.makedirs(FOLDER, exist_ok=True)
    for name, wish in WISHES.items():
        make_one(name, wish)
        join(path(name), path(name, ".crt"), *(path(shown, ".crt") for shown in wish.chain), path(name, ".key"))
    with open(GROUP, "wb") as f:
        f.write(x509.group(GROUP_BITS))
    join(CA, path("ca", ".crt"), path("ca-rsa", ".crt"))


def new_context(name="good", version=None, ciphers="ALL", asks=ssl.CERT_NONE, group=None):
    """A server's context with the certificate of that name; it speaks that version alone.  `asks`: for the client's.
    `group`: a file with one for Diffie-Hellman."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers(ciphers + ":@SECLEVEL=0")
    if version:
        made.minimum_version = made.maximum_version = version
    made.load_verify_locations(CA)
    made.verify_mode = asks
    made.load_cert_chain(path(name))
    if group:
        made.load_dh_params(group)
    return made


context = functools.lru_cache(maxsize=None)(new_context)
