"""A name server that answers rightly, lies or is silent, as it is told for each name; by UDP, and by TCP where it says
that an answer is too long."""

import contextlib
import errno
import os
import random
import socket
import struct
import threading
import time

from door import Door
from names import ANSWER_FLAGS, TYPE_A, read_question, record, response

HOST = "127.0.0.1"
TYPE_CNAME = 5
SERVER_FAILED, NO_SUCH_NAME, REFUSED = 2, 3, 5
TRUNCATED = 0x0200
LATE_S = 6                    # longer than anybody waits
SLOW_S = 0.7
MANY = 1000


class Query:
    """One question, and what may be said of it."""

    def __init__(self, data):
        self.number = data[:2]
        self.name, self.kind, self.question = read_question(data)

    def records(self, count=1):
        return [record(TYPE_A, socket.inet_aton(HOST))] * (count if self.kind == TYPE_A else 0)

    def say(self, *arguments, **more):
        return response(self.number, self.question, *arguments, **more)

    def right(self):
        return self.say(self.records())


def alias(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def after(seconds, reply):
    time.sleep(seconds)       # each question has a thread of its own
    return reply


def other_number(query):
    return bytes([query.number[0] ^ 0xFF]) + query.right()[1:]


def loop(query):
    here, there = alias(query.name), alias("x." + query.name)
    return query.say([record(TYPE_CNAME, there, here), record(TYPE_CNAME, here, there)])


# What a name server says instead of the truth; None: nothing.  A reader that knows better gets no answer from these...
NO_ANSWERS = {
    "silent": lambda query: None,
    "late": lambda query: after(LATE_S, query.right()),
    "number": other_number,
    "question": lambda query: response(query.number, alias("other.test") + query.question[-4:], query.records()),
    "nothing": lambda query: b"",
    "cut": lambda query: query.right()[:len(query.question) + 14],
    "garbage": lambda query: query.number + random.randbytes(200),
    "noise": lambda query: os.urandom(300),
    "truncated": lambda query: query.say(flags=ANSWER_FLAGS | TRUNCATED),
    "failed": lambda query: query.say(code=SERVER_FAILED),
    "refused": lambda query: query.say(code=REFUSED),
}
# ... these say that the name leads nowhere ...
DENIALS = {
    "unknown": lambda query: query.say(code=NO_SUCH_NAME),
    "empty": lambda query: query.say(),
    "loop": loop,
}
# ... and these are true, if odd.
TRUTHS = {
    "slow": lambda query: after(SLOW_S, query.right()),
    "many": lambda query: query.say(flags=ANSWER_FLAGS | TRUNCATED),
}


def doors_of_one_port(talk):
    """A port that is free for both: the one that UDP gets may be in use by a TCP connection of somebody else's."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((HOST, 0))
        try:
            return udp, Door(talk, *udp.getsockname())
        except OSError as taken:
            udp.close()
            if taken.errno != errno.EADDRINUSE:
                raise


class NameServer:
    """`lies`: {name: one of the functions above}.  `gone`: nobody is at its port for so long."""

    def __init__(self):
        self.lies = {}
        self.udp, self.tcp = doors_of_one_port(self.talk)
        self.address = self.udp.getsockname()
        threading.Thread(target=self.serve_udp, daemon=True).start()

    def serve_udp(self):
        while True:
            try:
                data, client = self.udp.recvfrom(4096)
            except OSError:
                return                # closed
            threading.Thread(target=self.answer, args=(data, client), daemon=True).start()

    def answer(self, data, client):
        query = Query(data)
        reply = self.lies.get(query.name, Query.right)(query)
        with contextlib.suppress(OSError):    # closed: the test is over
            if reply is not None:
                self.udp.sendto(reply, client)

    def talk(self, client):
        """Only the true answer that does not fit into a datagram is given."""
        with client, contextlib.suppress(OSError):
            while head := client.recv(2, socket.MSG_WAITALL):
                query = Query(client.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL))
                if self.lies.get(query.name) is TRUTHS["many"]:
                    reply = query.say(query.records(MANY))
                    client.sendall(struct.pack("!H", len(reply)) + reply)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for door in (self.udp, self.tcp):
            door.close()
