"""Tokens as the program makes them, by its key file: what only somebody who has that file could send."""

import base64
import hmac
import re
import secrets

TOKEN = re.compile(rb"em1\.([a-z2-7]{60})")
MAC_CHARS = 25                # the last characters hold nothing but the seal


def token_of(mail):
    """The token of one of the program's probes."""
    return TOKEN.search(mail)[1]


def forged(token):
    """The same with another seal, each time another one."""
    other = base64.b32encode(secrets.token_bytes(15)).lower()
    return token[:-MAC_CHARS] + other + token[-1:]


def foreign():
    """One of an installation with another key."""
    return base64.b32encode(secrets.token_bytes(37)).lower().rstrip(b"=")


class Key:
    """The key file of a program."""

    def __init__(self, path):
        with open(path, encoding="ascii") as f:
            words = dict(line.split(" ", 1) for line in f.read().splitlines()[1:])
        self.instance = bytes.fromhex(words["instance"].replace("-", ""))
        self.key = hmac.digest(bytes.fromhex(words["master"]), b"probe", "sha256")

    def token(self, serial, time_s):
        """A valid token of the row with this serial."""
        row = (serial & (1 << 64) - 1).to_bytes(8, "big")
        handle = hmac.digest(self.key, b"handle" + row, "sha256")[:8]
        inside = handle + int(time_s).to_bytes(5, "big") + secrets.token_bytes(8)
        sealed = b"emailmon/probe/1\0" + bytes([len(self.instance)]) + self.instance + row + inside
        return base64.b32encode(inside + hmac.digest(self.key, sealed, "sha256")[:16]).lower().rstrip(b"=")


def bearing(token, before=b"", after=b"", subject=b"x"):
    """A mail that has a token in its Message-ID."""
    return (b"From: a@example\r\nSubject: " + subject + b"\r\nMessage-ID: <" + before + b"em1." + token + after +
            b"@example>\r\n\r\nA body.\r\n")
