"""A name server that scripts make hostile: UDP and TCP on one port of 127.0.0.1.

A play that scripts the stage "resolve" has a name of its own for its hostile server.  The action is

  a list        the addresses that the name has
  a function    called with each question, it returns the reply, a list of them, or nothing

Before the play's server is armed, and for IPv6 in any case where a list is given, the answers are honest.
"""

import dataclasses
import itertools
import socket
import struct
import threading
import time

GOOD = ["127.0.0.1"]
A, CNAME, AAAA, IN = 1, 5, 28, 1
NO_ERROR, SERVER_FAILED, NO_SUCH_NAME, REFUSED = 0, 2, 3, 5
RESPONSE, TRUNCATED = 0x8580, 0x0200          # authoritative, recursion desired and available; cut short
HEADER, LENGTH = struct.Struct("!HHHHHH"), struct.Struct("!H")
ITS_NAME = b"\xc0\x0c"                        # a pointer to the name in the question


@dataclasses.dataclass
class Question:
    number: int
    name: str
    kind: int
    octets: bytes                             # the question as it stands in a reply
    over_tcp: bool

    def reply(self, records=(), code=NO_ERROR, flags=RESPONSE, number=None):
        """The records are whole, see record()."""
        return HEADER.pack(self.number if number is None else number, flags | code, 1, len(records), 0, 0) \
            + self.octets + b"".join(records)

    def addresses(self, addresses, ttl_s=0, **more):
        """The reply with those of them that are of the kind asked for."""
        family, kind = (socket.AF_INET6, AAAA) if self.kind == AAAA else (socket.AF_INET, A)
        return self.reply([record(kind, socket.inet_pton(family, address), ttl_s=ttl_s) for address in addresses
                           if (":" in address) == (kind == AAAA)], **more)


def record(kind, data, owner=ITS_NAME, ttl_s=0):
    return owner + struct.pack("!HHIH", kind, IN, ttl_s, len(data)) + data


def read_question(query, over_tcp):
    labels, at = [], HEADER.size
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii").lower())
        at += 1 + query[at]
    kind, = LENGTH.unpack_from(query, at + 1)
    return Question(LENGTH.unpack_from(query)[0], ".".join(labels), kind, query[HEADER.size:at + 5], over_tcp)


# --- answers that are not honest ---

def code(number):
    return lambda question: question.reply(code=number)


def good(question):
    return question.addresses(GOOD)


def many(question):
    return question.addresses(f"127.1.{i // 250}.{i % 250}" for i in range(1000))


def no_address(question):
    return question.reply()


def only_over_tcp(action):
    """UDP's answer is cut short."""
    return lambda question: action(question) if question.over_tcp else question.reply(flags=RESPONSE | TRUNCATED)


def after(junk):
    """Something else, then the honest answer; `junk` is octets or a function of the question."""
    return lambda question: [junk(question) if callable(junk) else junk, good(question)]


def wrong_number(question):
    """An answer to another question: were it taken, the server would be elsewhere."""
    return question.addresses(["127.0.0.9"], number=question.number ^ 1)


def alias_of_itself(question):
    return question.reply([record(CNAME, ITS_NAME)])


def garbage(question):
    """A name that points to itself, without an end."""
    return question.reply()[:HEADER.size] + ITS_NAME * 100


def silence(_question):
    return None


def late(s):
    def answer(question):
        time.sleep(s)
        return good(question)
    return answer


def in_turn(*addresses):
    """Another address at each look-up."""
    turns = {kind: itertools.cycle(addresses) for kind in (A, AAAA)}
    return lambda question: question.addresses([next(turns[question.kind])])


class Names:
    """`places`: {name: server}: the server's script says what is answered of the name, once it is armed."""

    def __init__(self, places):
        self.places = places
        self.asked = []                       # the names of all questions
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def answers(self, query, over_tcp):
        question = read_question(query, over_tcp)
        self.asked.append(question.name)
        server = self.places.get(question.name)
        if server is None:
            return [question.reply(code=NO_SUCH_NAME)]
        action = server.script["resolve"] if server.armed else GOOD
        answers = question.addresses(action) if isinstance(action, list) else action(question)
        return answers if isinstance(answers, list) else [answers] if answers is not None else []

    def serve_udp(self):
        while True:
            threading.Thread(target=self.answer_datagram, args=self.udp.recvfrom(4096), daemon=True).start()

    def answer_datagram(self, query, client):
        for answer in self.answers(query, False):
            self.udp.sendto(answer, client)

    def serve_tcp(self):
        while True:
            client, _ = self.tcp.accept()
            threading.Thread(target=self.serve_client, args=(client,), daemon=True).start()

    def serve_client(self, client):
        with client, client.makefile("rb") as queries:
            while (length := queries.read(LENGTH.size)):
                query = queries.read(*LENGTH.unpack(length))
                for answer in self.answers(query, True):
                    client.sendall(LENGTH.pack(len(answer)) + answer)
