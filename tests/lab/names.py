"""The lab's name server: answers for *.lab.test, knows that nothing else exists.

`dns:` of an emailmon in the lab points here, so that no test depends on a name server of the machine.  UDP only: its
answers are small.
"""

import socket
import struct

import processes
from listeners import DNS, NAMES

COMMAND = "lab-names"

TYPE_A, TYPE_AAAA, CLASS_IN = 1, 28, 1
NO_ERROR, FORMAT_ERROR, NO_SUCH_NAME = 0, 1, 3
ANSWER_FLAGS = 0x8580            # a response, authoritative, recursion desired and available
TTL_S = 1                        # a test may change what a name means


def read_question(query):
    """The name asked for (lower case), its type, and the question's own bytes; ValueError when it is none."""
    labels, at = [], 12
    while query[at]:
        length = query[at]
        if length > 63:
            raise ValueError("a compressed question")
        labels.append(query[at + 1:at + 1 + length].decode("ascii").lower())
        at += 1 + length
    kind, _ = struct.unpack_from("!HH", query, at + 1)
    return ".".join(labels), kind, query[12:at + 5]


def response(number, question, records=(), code=NO_ERROR, flags=ANSWER_FLAGS):
    """A reply to one question; `records`: the bytes of each."""
    return number + struct.pack("!HHHHH", flags | code, 1, len(records), 0, 0) + question + b"".join(records)


def record(kind, data, name=b"\xc0\x0c"):
    """`name`: that of the question, unless another one is given."""
    return name + struct.pack("!HHIH", kind, CLASS_IN, TTL_S, len(data)) + data


def answer(query):
    """The reply to one query: A records of NAMES, no data for their other types, else NXDOMAIN; None: not a query."""
    if len(query) < 12 or query[2] & 0x80:
        return None
    number = query[:2]
    try:
        name, kind, question = read_question(query)
    except (IndexError, ValueError, struct.error):
        return number + struct.pack("!HHHHH", ANSWER_FLAGS | FORMAT_ERROR, 0, 0, 0, 0)
    address = NAMES.get(name)
    records = [record(TYPE_A, socket.inet_aton(address))] if address and kind == TYPE_A else []
    return response(number, question, records, NO_ERROR if address else NO_SUCH_NAME)


def serve(sockets):
    while True:
        query, client = sockets[0].recvfrom(4096)
        reply = answer(query)
        if reply:
            sockets[0].sendto(reply, client)


def start():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(DNS)
        processes.start_function(COMMAND, serve, [door])


def ask(name, kind=TYPE_A, timeout_s=1):
    """Ask the lab's server: (response code, [addresses])."""
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.split("."))
    query = struct.pack("!HHHHHH", 0x4C41, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, CLASS_IN)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout_s)
        client.sendto(query, DNS)
        reply = client.recv(4096)
    count = struct.unpack_from("!H", reply, 6)[0]
    return reply[3] & 15, [socket.inet_ntoa(reply[-4:])] * count
