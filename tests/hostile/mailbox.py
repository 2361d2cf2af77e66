"""A mailbox in memory, which all sessions of a server share."""

import dataclasses
import threading
import time


@dataclasses.dataclass(eq=False)
class Mail:
    uid: int
    octets: bytes                 # lines end with CRLF
    arrived_s: float
    deleted: bool = False         # flagged

    def header(self):
        return self.octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def fields(self, names):
        """The named fields as FETCH's HEADER.FIELDS gives them, continuation lines and all."""
        kept, keep = [], False
        for line in self.header().split(b"\r\n")[:-2]:
            if line[:1] not in (b" ", b"\t"):
                keep = line.partition(b":")[0].strip().upper() in names
            if keep:
                kept.append(line + b"\r\n")
        return b"".join(kept) + b"\r\n"


class Mailbox:
    def __init__(self, mails=()):
        self.lock = threading.RLock()
        self.mails, self.next_uid, self.validity = [], 1, 7
        self.expunged = []            # every mail that a client has removed
        for octets in mails:
            self.put(octets)

    def put(self, octets):
        with self.lock:
            self.mails.append(Mail(self.next_uid, octets, time.time()))
            self.next_uid += 1

    def remove(self, mails):
        """What a client deletes; their sequence numbers as they are one after the other."""
        going = {mail.uid for mail in mails}
        with self.lock:
            places = [at for at, mail in enumerate(self.mails) if mail.uid in going]
            self.expunged += [self.mails[at] for at in places]
            self.mails = [mail for mail in self.mails if mail.uid not in going]
        return [at + 1 - gone for gone, at in enumerate(places)]

    def list(self):
        with self.lock:
            return list(self.mails)
