"""The server's side of the SASL mechanisms, each a generator: it yields challenges, is sent responses, and returns
whether the client knows the password (SCRAM: its last challenge proves the server)."""

import base64
import hashlib
import hmac
import secrets


def b64(octets):
    return base64.b64encode(octets)


def plain(user, password, initial):
    response = initial if initial is not None else (yield b"")
    return response.split(b"\0")[1:] == [user, password]


def login(user, password, initial):
    name = initial if initial is not None else (yield b"Username:")
    return [name, (yield b"Password:")] == [user, password]


def cram_md5(user, password, _initial):
    challenge = b"<%d.1@hostile.test>" % secrets.randbelow(10**9)
    response = yield challenge
    return response == user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode()


def scram(algorithm):
    def exchange(user, password, initial):
        first = initial if initial is not None else (yield b"")
        bare = first.partition(b",,")[2]
        salt, nonce = secrets.token_bytes(16), bare.partition(b"r=")[2] + secrets.token_hex(9).encode()
        challenge = b"r=%s,s=%s,i=4096" % (nonce, b64(salt))
        final = yield challenge
        without_proof, _, proof = final.rpartition(b",p=")
        salted = hashlib.pbkdf2_hmac(algorithm, password, salt, 4096)
        message = b",".join((bare, challenge, without_proof))
        key = hmac.digest(salted, b"Client Key", algorithm)
        signature = hmac.digest(hashlib.new(algorithm, key).digest(), message, algorithm)
        if base64.b64decode(proof) != bytes(a ^ b for a, b in zip(key, signature)):
            return False
        yield b"v=" + b64(hmac.digest(hmac.digest(salted, b"Server Key", algorithm), message, algorithm))
        return True
    return exchange


MECHANISMS = {"PLAIN": plain, "LOGIN": login, "CRAM-MD5": cram_md5, "SCRAM-SHA-1": scram("sha1"),
              "SCRAM-SHA-256": scram("sha256")}
