"""A small SNMPv2c client (RFC 3416) that keeps its socket: thousands of requests without a process for each.

A variable is (name, kind, value): the name a tuple of numbers, the kind "i", "u" or "s" as the tools call them.
"""

import os
import random
import socket

from snmp import COMMUNITY

MODULE = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2525, 1)
AGENT, TABLE, STATUS, EVENTS = MODULE + (1,), MODULE + (2, 1), MODULE + (3, 1), MODULE + (4, 1)

SCALARS = {"Rows": 4, "RowsUp": 5, "RowsDown": 6, "InFlight": 9, "SchedulerLag": 10, "PollsTotal": 11,
           "TableLastChange": 13, "EventLast": 14, "NotificationsPending": 15, "ConfigLoaded": 16, "LastSetError": 18,
           "Alarms": 19, "NotificationsDropped": 20}
COLUMNS = {"Name": (2, "s"), "Description": (3, "s"), "Device": (4, "s"), "Interval": (5, "u"),
           "SmtpServer": (8, "s"), "SmtpPort": (9, "u"), "SmtpTo": (10, "s"), "SmtpFrom": (11, "s"),
           "SmtpSecurity": (12, "i"), "SmtpAuth": (13, "i"), "SmtpUsername": (14, "s"), "SmtpPassword": (15, "s"),
           "SmtpTimeout": (16, "u"), "InType": (20, "i"), "InServer": (21, "s"), "InPort": (22, "u"),
           "InSecurity": (23, "i"), "InUsername": (24, "s"), "InPassword": (25, "s"), "InTimeout": (26, "u"),
           "InPlaintextAuth": (29, "i"), "AdminStatus": (30, "i"), "PollNow": (31, "i"), "StorageType": (32, "i"),
           "RowStatus": (33, "i")}
STATUSES = {"OperStatus": 1, "Proof": 2, "LastPoll": 5, "NextPoll": 6, "FailureStage": 7, "FailureCause": 8,
            "FailureText": 9, "Polls": 12, "PollsFailed": 13, "Sent": 14, "Delivered": 15, "Late": 16, "Lost": 17,
            "Transitions": 19, "Outstanding": 20, "SmtpCertDays": 38, "FailureLeg": 40, "Skipped": 47, "Duplicates": 48,
            "Strays": 49, "Forged": 50}
ALARMS = {"state": 0x80, "resolver": 0x40, "descriptors": 0x20, "clock": 0x10, "secrets": 0x08}
UP, DOWN, UNKNOWN, DISABLED = 1, 2, 3, 4
ROUND_TRIP = 3
LOCAL = 5                                 # a leg
ACTIVE, CREATE_AND_GO, DESTROY = 1, 4, 6
NO_ERROR, WRONG_VALUE, RESOURCE_UNAVAILABLE, COMMIT_FAILED = 0, 10, 13, 14

INTEGER, OCTETS, NULL, OID, SEQUENCE, UNSIGNED = 0x02, 0x04, 0x05, 0x06, 0x30, 0x42
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
KINDS = {"i": INTEGER, "u": UNSIGNED, "s": OCTETS}
EXCEPTIONS = (0x80, 0x81, 0x82)           # noSuchObject, noSuchInstance, endOfMibView
BULK = 100                                # rows an answer


def cells(index, **values):
    """The variables of one row: cells(7, Name="a", RowStatus=4)."""
    return [(TABLE + (COLUMNS[name][0], index), COLUMNS[name][1], value) for name, value in values.items()]


# --- BER ---

def tlv(tag, content):
    n = len(content)
    if n < 128:
        return bytes((tag, n)) + content
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + content


def integer(value, tag=INTEGER):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def base128(number):
    groups = [number & 127]
    while number > 127:
        number >>= 7
        groups.append(128 | (number & 127))
    return bytes(reversed(groups))


def oid(name):
    return tlv(OID, bytes((name[0] * 40 + name[1],)) + b"".join(map(base128, name[2:])))


def octets(value):
    return tlv(OCTETS, value if isinstance(value, bytes) else value.encode())


def variable(name, kind=None, value=None):
    if kind is None:
        return tlv(SEQUENCE, oid(name) + tlv(NULL, b""))
    return tlv(SEQUENCE, oid(name) + (octets(value) if kind == "s" else integer(value, KINDS[kind])))


def take(data, at):
    """(tag, beginning, end) of what stands at a place."""
    tag, n, begin = data[at], data[at + 1], at + 2
    if n >= 128:
        begin += n & 127
        n = int.from_bytes(data[at + 2:begin], "big")
    return tag, begin, begin + n


def parts(data, begin, end):
    """[(tag, content)] between two places."""
    found = []
    while begin < end:
        tag, first, begin = take(data, begin)
        found.append((tag, data[first:begin]))
    return found


def read_oid(content):
    numbers, number = [content[0] // 40, content[0] % 40], 0
    for octet in content[1:]:
        number = number << 7 | octet & 127
        if octet < 128:
            numbers.append(number)
            number = 0
    return tuple(numbers)


def read_value(tag, content):
    """Octets as bytes, numbers as int; None: there is none."""
    if tag in EXCEPTIONS or tag == NULL:
        return None
    if tag == OCTETS:
        return content
    return read_oid(content) if tag == OID else int.from_bytes(content, "big", signed=tag == INTEGER)


def read_response(data):
    """(number of the request, error, its place, [(name, tag, content)]); the number of anything else is None."""
    _, begin, end = take(data, 0)
    command, content = parts(data, begin, end)[2]
    number, error, place, bindings = (part for _, part in parts(content, 0, len(content)))
    pairs = [parts(binding, 0, len(binding)) for _, binding in parts(bindings, 0, len(bindings))]
    return (int.from_bytes(number, "big") if command == RESPONSE else None, int.from_bytes(error, "big"),
            int.from_bytes(place, "big"), [(read_oid(name[1]), *value) for name, value in pairs])


# --- requests ---

class Client:
    """A socket to one master.  Not for two threads at once."""

    def __init__(self, master, timeout_s=3):
        host, _, port = master.address.partition(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(timeout_s)
        self.socket.connect((host, int(port)))
        self.last = random.Random(os.getpid()).randrange(1 << 30)

    def packet(self, command, variables, second=0, third=0):
        """A request with a number of its own."""
        self.last += 1
        body = integer(self.last) + integer(second) + integer(third) + tlv(SEQUENCE, b"".join(variables))
        return tlv(SEQUENCE, integer(1) + octets(COMMUNITY) + tlv(command, body))

    def exchange(self, packet):
        """What comes back, whatever it is; OSError: nothing in time."""
        self.socket.send(packet)
        return self.socket.recv(65536)

    def ask(self, command, variables, second=0, third=0):
        """(error, its place, [(name, value)]); None: no answer in time."""
        try:
            data = self.exchange(self.packet(command, variables, second, third))
            while True:
                answer = self.understood(data)
                if answer:
                    return answer
                data = self.socket.recv(65536)
        except OSError:                       # nobody there, or too late
            return None

    def understood(self, data):
        number, error, place, found = read_response(data)
        if number != self.last:
            return None                       # of a request that was given up
        return error, place, [(name, read_value(tag, content)) for name, tag, content in found]

    def set(self, variables):
        """The error of a SET, 0 when it was done; None: nobody knows."""
        answer = self.ask(SET, [variable(*v) for v in variables])
        return None if answer is None else answer[0]

    def get(self, *names):
        """[value]; None: no answer."""
        answer = self.ask(GET, [variable(name) for name in names])
        return None if answer is None or answer[0] else [value for _, value in answer[2]]

    def next(self, name):
        """The name behind one; None: no answer."""
        answer = self.ask(GET_NEXT, [variable(name)])
        return None if answer is None or answer[0] else answer[2][0][0]

    def scalar(self, name):
        got = self.get(AGENT + (SCALARS[name], 0))
        return got and got[0]

    def row(self, index, *names):
        """[value] of some columns of one row of emailMonTable."""
        return self.get(*(TABLE + (COLUMNS[name][0], index) for name in names))

    def walk(self, *columns, after=0):
        """{index: [values]} of columns of one table, behind an index; a row that changes meanwhile may be torn."""
        found, last = {}, after
        while last is not None:
            answer = self.ask(GET_BULK, [variable(column + ((last,) if last else ())) for column in columns], 0, BULK)
            if answer is None or answer[0]:
                raise TimeoutError("no answer to a walk")
            last = self.take_rows(columns, answer[2], found, last)
        return {index: values for index, values in found.items() if len(values) == len(columns)}

    @staticmethod
    def take_rows(columns, pairs, found, last):
        """The index to go on behind; None: it is all.  A row that is not whole in this answer is asked for again."""
        n = len(columns)
        for first in range(0, len(pairs) - n + 1, n):
            line = pairs[first:first + n]
            if any(name[:-1] != column for column, (name, _) in zip(columns, line)):
                return None
            found[line[0][0][-1]] = [value for _, value in line]
            last = line[0][0][-1]
        return last if len(pairs) >= n else None

    def config(self, *names):
        return self.walk(*(TABLE + (COLUMNS[name][0],) for name in names))

    def status(self, *names):
        """{index: [values]} of some columns of every status."""
        return self.walk(*(STATUS + (STATUSES[name],) for name in names))

    def close(self):
        self.socket.close()
