"""The server's side of TLS with records written by hand, for what Python's ssl would never send.

Python's ssl makes the handshake and reads what the client says.  What the server says leaves record by record,
protected with keys that come from the secrets which OpenSSL logs (RFC 8446 s. 7; RFC 5246 s. 6.3).
"""

import ctypes
import hmac
import os
import ssl

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23           # records
HELLO_REQUEST, SERVER_HELLO, TICKET, ENCRYPTED_EXTENSIONS, CERTIFICATE = 0, 2, 4, 8, 11           # messages
CERTIFICATE_REQUEST, KEY_UPDATE, COMPRESSED_CERTIFICATE = 13, 24, 25
DIGEST = "sha384"                                                # of the one cipher that is spoken here
EVP_CTRL_AEAD_GET_TAG = 0x10

crypto = ctypes.CDLL("libcrypto.so.3")
crypto.EVP_CIPHER_CTX_new.restype = crypto.EVP_aes_256_gcm.restype = ctypes.c_void_p


def record(kind, octets, version=b"\x03\x03"):
    """One in clear."""
    return bytes([kind]) + version + len(octets).to_bytes(2, "big") + octets


def message(kind, octets=b"", size=None):
    """A handshake message; `size`: what its header says."""
    return bytes([kind]) + (len(octets) if size is None else size).to_bytes(3, "big") + octets


def offered(hello):
    """{number: octets} of the extensions of a ClientHello in one record (RFC 8446 s. 4.1.2)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]                                          # session id
    at += 2 + int.from_bytes(hello[at:at + 2], "big")            # ciphers
    at += 1 + hello[at] + 2                                      # compressions; length of what follows
    found = {}
    while at < len(hello):
        number, size = (int.from_bytes(hello[here:here + 2], "big") for here in (at, at + 2))
        found[number] = hello[at + 4:at + 4 + size]
        at += 4 + size
    return found


def split(octets):
    """Whole records, each by itself."""
    found = []
    while octets:
        n = 5 + int.from_bytes(octets[3:5], "big")
        found.append(octets[:n])
        octets = octets[n:]
    return found


# --- keys ---

def expand(secret, label, n):
    """HKDF-Expand-Label with no context (RFC 8446 s. 7.1)."""
    label = b"tls13 " + label
    info = n.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0"
    return hmac.digest(secret, info + b"\1", DIGEST)[:n]


def stretch(secret, seed, n):
    """The PRF of TLS 1.2 (RFC 5246 s. 5)."""
    octets, a = b"", seed
    while len(octets) < n:
        a = hmac.digest(secret, a, DIGEST)
        octets += hmac.digest(secret, a + seed, DIGEST)
    return octets[:n]


def seal(key, nonce, octets, beside):
    """AES-256-GCM; `beside` is proven, but not hidden."""
    size, out, tag = ctypes.c_int(), ctypes.create_string_buffer(len(octets) + 16), ctypes.create_string_buffer(16)
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    crypto.EVP_EncryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None, key, nonce)
    crypto.EVP_EncryptUpdate(context, None, ctypes.byref(size), beside, len(beside))
    crypto.EVP_EncryptUpdate(context, out, ctypes.byref(size), octets, len(octets))
    crypto.EVP_EncryptFinal_ex(context, tag, ctypes.byref(size))
    crypto.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag)
    crypto.EVP_CIPHER_CTX_free(context)
    return out.raw[:len(octets)] + tag.raw


class InClear:
    """Before there are keys."""

    def protect(self, kind, octets):
        return record(kind, octets)


class Keys13:
    """Of one secret (RFC 8446 s. 5.2, 7.3); `sent` counts the records."""

    def __init__(self, secret):
        self.secret, self.sent = secret, 0
        self.key, self.iv = expand(secret, b"key", 32), expand(secret, b"iv", 12)

    def protect(self, kind, octets):
        header = b"\x17\x03\x03" + (len(octets) + 17).to_bytes(2, "big")
        nonce = int.from_bytes(self.iv, "big") ^ self.sent
        self.sent += 1
        return header + seal(self.key, nonce.to_bytes(12, "big"), octets + bytes([kind]), header)

    def updated(self):
        return Keys13(expand(self.secret, b"traffic upd", 48))


class Keys12:
    """The server's, of AES-256-GCM (RFC 5246 s. 6.3, RFC 5288 s. 3)."""

    def __init__(self, master, client_random, server_random):
        block = stretch(master, b"key expansion" + server_random + client_random, 2 * 32 + 2 * 4)
        self.key, self.iv, self.sent = block[32:64], block[68:72], 0

    def protect(self, kind, octets):
        number = self.sent.to_bytes(8, "big")
        self.sent += 1
        header = record(kind, octets)[:5]
        return record(kind, number + seal(self.key, self.iv + number, octets, number + header))


# --- a connection ---

class ByHand:
    """Instead of an SSLSocket.  What can go wrong is an OSError."""

    def __init__(self, plain, certificate, version):
        self.plain, self.version = plain, version
        self.log = os.fdopen(os.memfd_create("secrets"), "rb")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")       # TLS 1.3: the client wants the same first
        context.num_tickets = 0
        context.load_cert_chain(certificate)
        context.keylog_filename = f"/proc/self/fd/{self.log.fileno()}"
        self.heard, self.to_say = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.heard, self.to_say, server_side=True)
        self.keys, self.hello = InClear(), b""                     # the client's first octets

    def secret(self, label):
        """(client's random, the secret of that label)"""
        self.log.seek(0)
        found = next(line.split() for line in self.log if line.startswith(label + b" "))
        return bytes.fromhex(found[1].decode()), bytes.fromhex(found[2].decode())

    # --- the handshake ---

    def listen(self):
        got = self.plain.recv(65536)
        if not got:
            raise ConnectionResetError("the client closed")
        self.hello = self.hello or got
        self.heard.write(got)

    def flight(self):
        """The records that it is on the server to send; none once all is done."""
        while True:
            try:
                self.tls.do_handshake()
                return split(self.to_say.read())
            except ssl.SSLWantReadError:
                if self.to_say.pending:
                    return split(self.to_say.read())
            self.listen()

    def shake(self, most=None):
        """The handshake, or so many records of the server's side of it."""
        passed = 0
        while (flight := self.flight()):
            for one in flight:
                if passed == most:
                    return
                self.pass_on(one)
                passed += 1
            if self.version == TLS13:
                self.keys = Keys13(self.secret(b"SERVER_TRAFFIC_SECRET_0")[1])

    def pass_on(self, one):
        """A record that OpenSSL wrote; whatever follows is protected as is due."""
        self.plain.sendall(one)
        is_13 = self.version == TLS13
        if isinstance(self.keys, InClear):
            if one[0] == HANDSHAKE and one[5] == SERVER_HELLO:
                self.random = one[11:43]
                if is_13:
                    self.keys = Keys13(self.secret(b"SERVER_HANDSHAKE_TRAFFIC_SECRET")[1])
            elif one[0] == CHANGE_CIPHER:
                self.keys = Keys12(*reversed(self.secret(b"CLIENT_RANDOM")), self.random)
        elif one[0] != CHANGE_CIPHER:
            self.keys.sent += 1

    # --- what the server says ---

    def say(self, kind, octets):
        """A record, protected as this moment asks for."""
        self.plain.sendall(self.keys.protect(kind, octets))

    def update_keys(self):
        """KeyUpdate, and from now on the next keys."""
        self.say(HANDSHAKE, message(KEY_UPDATE, b"\0"))
        self.keys = self.keys.updated()

    # --- as a socket, for wire.py ---

    def sendall(self, octets):
        for at in range(0, len(octets), 16384):
            self.say(DATA, octets[at:at + 16384])

    def recv(self, n):
        while True:
            try:
                return self.tls.read(n)
            except ssl.SSLWantReadError:
                self.listen()

    def detach(self):
        return self.plain.detach()
