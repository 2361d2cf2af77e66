"""A look into mailboxes of 10, 100, 1,000 and 100,000 foreign mails, on Dovecot, by IMAP and POP3.

Arguments: other sizes.
"""

import collections
import contextlib
import os
import re
import time

import lab
import mailbox
import measured
import relay
from client import NO_ERROR, STATUS, STATUSES, cells
from emailmon import monitor
from listeners import CLOSED, LISTENERS
from places import LabError, wait_for
from program import watching

servers = lab.running
SIZES = (10, 100, 1_000, 100_000)
LOOKS = 9                       # of each mailbox; the cheapest counts
IDLE_S = 10                     # in which nothing is polled
PATIENCE_S = 60                 # for a poll
CATCH_UP = {"IMAP": 1_000, "POP3": 30}      # looks at most until all foreign mails were read: Dovecot's POP3 is slow
POLL = 2                        # of emailMonPollNow
LONG_S = 86_400                 # an interval: nothing is polled unless we say so
BASE = 1                        # the index of the row that only sends
DOORS = {"IMAP": "imap/none/plain", "POP3": "pop3/none/plain"}


def read_by_imap(said):
    """The uids of the mails that were read in a session."""
    return re.findall(rb"(?m)^\* \d+ FETCH \(UID (\d+)", said["server"])


def read_by_pop3(said):
    uids = dict(re.findall(rb"(?m)^(\d+) ([0-9a-f]{16})\r$", said["server"]))
    return [uids[number] for number in re.findall(rb"(?m)^TOP (\d+)", said["client"])]


READ = {"IMAP": read_by_imap, "POP3": read_by_pop3}

# Of one look: octets both ways, mails read, those of them that had been read before; of its poll: processor time of the
# thread that polls, and how long it took.
Look = collections.namedtuple("Look", "octets read again used_s took_s")


class Mailbox:
    """One with so many foreign mails, its row, and the relay before the server that hears what is said."""

    def __init__(self, index, protocol, size, heard):
        self.index, self.protocol, self.size, self.heard = index, protocol, size, heard
        self.user, self.read = f"u{index}", set()
        mailbox.clear(self.user)
        mailbox.put_many(self.user, size)

    def row(self):
        row = monitor(f"{self.protocol} {self.size}", self.user, incoming=DOORS[self.protocol], interval=LONG_S)
        row["incoming"].update(server=self.heard.host, port=self.heard.port, timeout=PATIENCE_S)
        return {"index": self.index, **row}

    def look(self, program):
        """That of a poll which finds the probe of the one before."""
        wait_for(lambda: os.listdir(os.path.join(mailbox.folder(self.user), "new")), PATIENCE_S, "a probe")
        self.heard.ended.clear()
        spent = poll(program, self.index)
        said = wait_for(lambda: [session.said for session in self.heard.ended], PATIENCE_S, "the end of a session")[0]
        mails = READ[self.protocol](said)
        again = len(self.read.intersection(mails))
        self.read.update(mails)
        return Look(sum(map(len, said.values())), len(mails), again, *spent)

    def catch_up(self, program):
        """Looks until no mail but the probe is read any more: the first one, and how many there were."""
        first, most = self.look(program), CATCH_UP[self.protocol]
        for n in range(1, most):
            if self.look(program).read <= 1:
                return first, f"{n}"
        return first, f"> {most}"


def worker_s(program):
    return measured.threads_s(program.process.pid)["worker"]


def idle(program):
    """Processor time a second of the thread that polls, while nothing is polled."""
    used_s = worker_s(program)
    time.sleep(IDLE_S)
    return (worker_s(program) - used_s) / IDLE_S


def poll(program, index):
    """One poll, now: (processor time of the thread that polls, how long it took)."""
    polls = STATUS + (STATUSES["Polls"], index)
    before, used_s, began = program.client.get(polls), worker_s(program), time.monotonic()
    if program.client.set(cells(index, PollNow=POLL)) != NO_ERROR:
        raise LabError(f"row {index} does not poll now")
    wait_for(lambda: program.client.get(polls) not in (None, before), PATIENCE_S, f"a poll of row {index}")
    return worker_s(program) - used_s, time.monotonic() - began


def sender():
    """A row whose look ends at once: what is left of a poll is the sending."""
    row = monitor("sends only", "u60", interval=LONG_S)
    row["incoming"].update(server=CLOSED[0], port=CLOSED[1])
    return {"index": BASE, **row}


def measure(program, boxes):
    """{mailbox: [Look]}, by turns; what the thread needs that waits, and what a poll takes that only sends, is taken off."""
    idling = idle(program)
    polls, looks = [], {box: [] for box in boxes}
    for _ in range(LOOKS):
        used_s, took_s = poll(program, BASE)
        polls.append(used_s - idling * took_s)
        for box in boxes:
            looks[box].append(box.look(program))
    return {box: [look._replace(used_s=look.used_s - idling * look.took_s - min(polls)) for look in seen]
            for box, seen in looks.items()}


def least(looks, what):
    return min(getattr(look, what) for look in looks)


def show(out, firsts, looks):
    out.table(["mailbox", "first look: octets", "mails read", "poll, ms", "looks to read all", "later look: octets",
               "mails read", "again", "processor, us"],
              [[f"{box.protocol}, {box.size:,}", first.octets, first.read, first.used_s * 1e3, count,
                least(looks[box], "octets"), max(look.read for look in looks[box]),
                sum(look.again for look in looks[box]), least(looks[box], "used_s") * 1e6]
               for box, (first, count) in firsts.items()])


def figures(out, looks):
    """Of the sizes that were promised."""
    of = {(box.protocol, box.size): seen for box, seen in looks.items()}
    for key, what in ("imap_octets", "octets"), ("imap_time", "used_s"):
        out.figure(key, least(of["IMAP", 100_000], what) / least(of["IMAP", 100], what))
    out.figure("pop3_top", sum(look.again for look in of["POP3", 100_000]))


def run(out, *sizes):
    sizes = [int(size) for size in sizes] or SIZES
    with contextlib.ExitStack() as stack:
        ways = [(protocol, size) for protocol in DOORS for size in sizes]
        boxes = [Mailbox(index, protocol, size, stack.enter_context(relay.before(LISTENERS[DOORS[protocol]], 0)))
                 for index, (protocol, size) in enumerate(ways, BASE + 1)]
        program = stack.enter_context(watching([sender(), *(box.row() for box in boxes)]))
        program.wait_polled(1, PATIENCE_S)
        began_kib = measured.resident_kib(program.process.pid)
        firsts = {box: box.catch_up(program) for box in boxes}
        grown_kib = measured.resident_kib(program.process.pid) - began_kib
        looks = measure(program, boxes)
        show(out, firsts, looks)
        out.say(f"Memory of the process, more than before the first look: {grown_kib} KiB.")
    if set(SIZES) <= set(sizes):
        figures(out, looks)
