"""A master that is no snmpd: a few AgentX PDUs (RFC 2741), for what snmpd cannot be made to do at a chosen moment."""

import os
import socket
import struct

from places import DIR

OPEN, REGISTER, TEST_SET, COMMIT_SET, RESPONSE = 1, 3, 8, 9, 18
BIG_ENDIAN = 0x10
INTEGER = 2
SESSION = 7
TABLES = 4                      # that emailmon registers


def name(identifiers):
    return struct.pack(f">BBBB{len(identifiers)}I", len(identifiers), 0, 0, 0, *identifiers)


def variable(identifiers, kind, value):
    return struct.pack(">HH", kind, 0) + name(identifiers) + struct.pack(">i", value)


class Master:
    """Listens; `with master.session():` is one AgentX session, in which all tables are registered."""

    def __init__(self):
        os.makedirs(DIR, exist_ok=True)
        self.path = os.path.join(DIR, "fake-master")
        self.agentx = "unix:" + self.path

    def __enter__(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(self.path)
        self.door.listen(5)
        self.door.settimeout(10)
        return self

    def __exit__(self, *_):
        self.door.close()
        os.unlink(self.path)

    def session(self):
        return Session(self.door.accept()[0])


class Session:
    """One session; it ends without a word when `with` does."""

    def __init__(self, stream):
        self.stream = stream
        self.stream.settimeout(10)
        self.packet = 0

    def __enter__(self):
        registered = 0
        while registered < TABLES:
            kind, transaction, packet = self.read()[:3]
            self.send(RESPONSE, transaction, struct.pack(">IHH", 0, 0, 0), packet)
            registered += kind == REGISTER
        return self

    def __exit__(self, *_):
        self.stream.close()

    def send(self, kind, transaction, body, packet=None):
        self.packet += 1
        head = struct.pack(">BBBBIIII", 1, kind, BIG_ENDIAN, 0, SESSION, transaction,
                           self.packet if packet is None else packet, len(body))
        self.stream.sendall(head + body)

    def take(self, count):
        got = b""
        while len(got) < count:
            more = self.stream.recv(count - len(got))
            if not more:
                raise EOFError("the subagent closed the session")
            got += more
        return got

    def read(self):
        """(kind, transaction, packet, body) of the next PDU."""
        head = self.take(20)
        order = ">" if head[2] & BIG_ENDIAN else "<"
        _, transaction, packet, length = struct.unpack(order + "IIII", head[4:])
        return head[1], transaction, packet, self.take(length)

    def error(self):
        """Of the next response to something that was asked here."""
        while True:
            kind, transaction, packet, body = self.read()
            if kind == RESPONSE:
                return struct.unpack(">H", body[4:6])[0]
            self.send(RESPONSE, transaction, struct.pack(">IHH", 0, 0, 0), packet)
