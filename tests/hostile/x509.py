"""X.509 certificates written by hand (RFC 5280), so that they may say what no tool would write.  `openssl` makes the
keys and signs."""

import base64
import datetime
import secrets
import subprocess

ALGORITHMS = {"ec-sha256": "1.2.840.10045.4.3.2", "ec-sha1": "1.2.840.10045.4.1", "rsa-sha256": "1.2.840.113549.1.1.11",
              "rsa-md5": "1.2.840.113549.1.1.4"}
KEY_USAGE, ALT_NAMES, BASIC, PURPOSE = "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
CERT_SIGN, CRL_SIGN = 5, 6     # bits of the key usage
SEQUENCE, SET = 0x30, 0x31


def openssl(*arguments, given=b""):
    done = subprocess.run(["openssl", *arguments], capture_output=True, input=given, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout


# --- DER ---

def der(tag, *parts):
    octets = b"".join(parts)
    n = len(octets)
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, n] if n < 0x80 else [tag, 0x80 | len(size)]) + (size if n >= 0x80 else b"") + octets


def pem(what, octets):
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (what, base64.encodebytes(octets), what)


def oid(dotted):
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    octets = bytes([40 * first + second])
    for arc in rest:
        groups = [arc & 0x7f]
        while (arc := arc >> 7):
            groups.append(0x80 | arc & 0x7f)
        octets += bytes(reversed(groups))
    return der(0x06, octets)


def moment(day):
    """So many days from now; octets are taken as they are."""
    if isinstance(day, bytes):
        return der(0x17, day)
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=day)
    return der(0x17, then.strftime("%y%m%d%H%M%SZ").encode())


# --- the parts of a certificate ---

def common_name(octets):
    return der(SEQUENCE, der(SET, der(SEQUENCE, oid("2.5.4.3"), der(0x0c, octets))))


def dns(octets):
    return der(0x82, octets)


def address(dotted):
    return der(0x87, bytes(int(part) for part in dotted.split(".")))


def extension(dotted, value):
    return der(SEQUENCE, oid(dotted), der(0x04, value))


def alt_names(*names):
    return extension(ALT_NAMES, der(SEQUENCE, *names))


def authority(path_length=None):
    limit = b"" if path_length is None else der(0x02, bytes([path_length]))
    return extension(BASIC, der(SEQUENCE, der(0x01, b"\xff"), limit)) + key_usage(CERT_SIGN, CRL_SIGN)


def key_usage(*chosen):
    return extension(KEY_USAGE, der(0x03, b"\0", bytes([sum(0x80 >> bit for bit in chosen)])))


def purpose(dotted):
    return extension(PURPOSE, der(SEQUENCE, oid(dotted)))


# --- keys and certificates ---

def make_key(file, kind):
    """`kind`: "ec", or the bits of an RSA key."""
    how = ("EC", "ec_paramgen_curve:P-256") if kind == "ec" else ("RSA", f"rsa_keygen_bits:{kind}")
    openssl("genpkey", "-algorithm", how[0], "-pkeyopt", how[1], "-out", file)


def certificate(key, subject, extensions, days, issuer_key, issuer, algorithm):
    """In PEM.  `key` and `issuer_key` are files, `days` from and to, `algorithm` one of ALGORITHMS."""
    made_by = der(SEQUENCE, oid(ALGORITHMS[algorithm]), b"\x05\0" if algorithm.startswith("rsa") else b"")
    body = der(SEQUENCE,
               der(0xa0, der(0x02, b"\2")),   # version 3
               der(0x02, b"\1" + secrets.token_bytes(8)),
               made_by, common_name(issuer), der(SEQUENCE, *(moment(day) for day in days)), common_name(subject),
               openssl("pkey", "-in", key, "-pubout", "-outform", "DER"),
               der(0xa3, der(SEQUENCE, *extensions)) if extensions else b"")
    digest = algorithm.partition("-")[2]
    signature = openssl("dgst", "-" + digest, "-sign", issuer_key, given=body)
    return pem(b"CERTIFICATE", der(SEQUENCE, body, made_by, der(0x03, b"\0", signature)))


def group(bits):
    """A group for Diffie-Hellman (RFC 2631), in PEM; its modulus is as good as a prime to those who do not try."""
    modulus = (1 << bits - 1 | secrets.randbits(bits - 1) | 1).to_bytes((bits + 7) // 8, "big")
    return pem(b"DH PARAMETERS", der(SEQUENCE, der(0x02, b"\0" + modulus), der(0x02, b"\2")))
