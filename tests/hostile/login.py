"""The server's side of the SASL mechanisms, each a generator: it yields challenges, is sent responses, and returns
whether the client knows the password (SCRAM: its last challenge proves the server).  The makers of such generators take
what a hostile server says instead."""

import base64
import hashlib
import hmac
import re
import secrets


def b64(octets):
    return base64.b64encode(octets)


def plain(user, password, initial):
    response = initial if initial is not None else (yield b"")
    return response.split(b"\0")[1:] == [user, password]


def login(user_prompt=b"Username:", password_prompt=b"Password:"):
    def exchange(user, password, initial):
        name = initial if initial is not None else (yield user_prompt)
        return [name, (yield password_prompt)] == [user, password]
    return exchange


def cram_md5(challenge=None):
    def exchange(user, password, _initial):
        asked = challenge if challenge is not None else b"<%d.1@hostile.test>" % secrets.randbelow(10**9)
        response = yield asked
        return response == user + b" " + hmac.new(password, asked, "md5").hexdigest().encode()
    return exchange


def same(message):
    return message


def altered(pattern, by):
    """A message in which by stands for what fits the pattern."""
    return lambda message: re.sub(pattern, by, message)


def scram(algorithm, first=same, final=same):
    """`first` and `final` alter the server's two messages; a final of None is left out."""
    def exchange(user, password, initial):
        begun = initial if initial is not None else (yield b"")
        bare = begun.partition(b",,")[2]
        salt, nonce = secrets.token_bytes(16), bare.partition(b"r=")[2] + secrets.token_hex(9).encode()
        challenge = first(b"r=%s,s=%s,i=4096" % (nonce, b64(salt)))
        response = yield challenge
        without_proof, _, proof = response.rpartition(b",p=")
        salted = hashlib.pbkdf2_hmac(algorithm, password, salt, 4096)
        message = b",".join((bare, challenge, without_proof))
        key = hmac.digest(salted, b"Client Key", algorithm)
        signature = hmac.digest(hashlib.new(algorithm, key).digest(), message, algorithm)
        if base64.b64decode(proof) != bytes(a ^ b for a, b in zip(key, signature)):
            return False
        proven = final(b"v=" + b64(hmac.digest(hmac.digest(salted, b"Server Key", algorithm), message, algorithm)))
        if proven is not None:
            yield proven
        return True
    return exchange


MECHANISMS = {"PLAIN": plain, "LOGIN": login(), "CRAM-MD5": cram_md5(), "SCRAM-SHA-1": scram("sha1"),
              "SCRAM-SHA-256": scram("sha256")}
