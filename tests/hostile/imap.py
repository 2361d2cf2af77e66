"""A good IMAP server (RFC 3501, 4315, 4959) with the one mailbox INBOX."""

import re
import time

from session import Session


def set_of(text, top):
    """Whether a number is in this sequence set; "*" is `top`."""
    ranges = []
    for part in text.decode().split(","):
        low, _, high = part.partition(":")
        ranges.append(sorted(top if end == "*" else int(end) for end in (low, high or low)))
    return lambda number: any(low <= number <= high for low, high in ranges)


class Imap(Session):
    NAME = "imap"
    COMMANDS = {"capability": "hello", "starttls": "startTls", "login": "auth", "authenticate": "auth",
                "select": "select", "search": "search", "fetch": "fetch", "store": "delete", "expunge": "delete",
                "noop": "select", "list": "select", "unselect": "quit", "logout": "quit"}

    def capabilities(self):
        offers = [b"IMAP4rev1", b"SASL-IR", b"UIDPLUS", b"LITERAL+"]
        if self.server.security == "starttls" and not self.wire.secured:
            offers.append(b"STARTTLS")
        offers += [b"AUTH=" + name.encode() for name in self.mechanisms]
        return b" ".join(self.scripted("offers", default=offers))

    def greet(self, _line):
        self.say(b"* OK [CAPABILITY " + self.capabilities() + b"] hostile.test\r\n")

    def parse(self, line):
        self.tag, _, line = line.partition(b" ")
        verb, line = super().parse(self.with_literals(line))
        self.by_uid = verb == "uid"
        return super().parse(line) if self.by_uid else (verb, line)

    def with_literals(self, line):
        while (literal := re.search(rb"\{(\d+)(\+?)\}$", line)):
            if not literal[2]:
                self.stage("literal", "literal", line, lambda _line: self.say(b"+ go on\r\n"))
            line += b"\r\n" + self.wire.take(int(literal[1])) + self.wire.line()
        return line

    def refuse(self, why):
        self.say(b"$TAG BAD " + why + b"\r\n")

    def done(self, text=b"done"):
        self.say(b"$TAG OK " + text + b"\r\n")

    def good_capability(self, _line):
        self.say(b"* CAPABILITY " + self.capabilities() + b"\r\n")
        self.done()

    def good_starttls(self, _line):
        self.done(b"go ahead")
        self.secure()

    def enter(self, ok):
        if ok:
            self.done(b"[CAPABILITY " + self.capabilities() + b"] welcome")
        else:
            self.say(b"$TAG NO [AUTHENTICATIONFAILED] wrong\r\n")

    def good_login(self, line):
        words = re.findall(rb'"((?:[^"\\]|\\.)*)"|\{\d+\+?\}\r\n(.*)|(\S+)', line)
        given = [re.sub(rb"\\(.)", rb"\1", quoted) or literal or atom for quoted, literal, atom in words]
        self.enter(given == [self.server.user.encode(), self.server.password.encode()])

    def good_authenticate(self, line):
        mechanism, _, initial = line.partition(b" ")
        self.authenticate(mechanism.decode(), initial or None,
                          lambda challenge: self.say(b"+ " + challenge + b"\r\n"), self.enter)

    def good_select(self, _line):
        box = self.server.mailbox
        with box.lock:
            self.say(b"* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted)] yes\r\n"
                     b"* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] it\r\n* OK [UIDNEXT %d] next\r\n"
                     % (len(box.mails), box.validity, box.next_uid))
        self.done(b"[READ-WRITE] selected")

    def chosen(self, text):
        """[(sequence number, mail)] of a set."""
        mails = self.server.mailbox.list()
        if self.by_uid:
            wanted = set_of(text, mails[-1].uid if mails else 0)
            return [(i + 1, mail) for i, mail in enumerate(mails) if wanted(mail.uid)]
        wanted = set_of(text, len(mails))
        return [(i + 1, mail) for i, mail in enumerate(mails) if wanted(i + 1)]

    def answer(self, number, mail, names):
        """One FETCH response."""
        fields = mail.fields(names)
        arrived = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(mail.arrived_s)).encode()
        flags = b"\\Deleted" if mail.deleted else b""
        return (b'* %d FETCH (UID %d FLAGS (%s) INTERNALDATE "%s" RFC822.SIZE %d BODY[HEADER.FIELDS (%s)] {%d}\r\n%s)\r\n'
                % (number, mail.uid, flags, arrived, len(mail.octets), b" ".join(names), len(fields), fields))

    def good_fetch(self, line):
        chosen, _, items = line.partition(b" ")
        names = re.search(rb"HEADER\.FIELDS \((.*?)\)", items, re.IGNORECASE)
        names = names[1].upper().split() if names else []
        for number, mail in self.chosen(chosen):
            self.say(self.answer(number, mail, names))
        self.done()

    def good_search(self, line):
        deleted = b"DELETED" in line.upper().split()
        self.say(b"* SEARCH" + b"".join(b" %d" % (mail.uid if self.by_uid else i + 1)
                                        for i, mail in enumerate(self.server.mailbox.list())
                                        if not deleted or mail.deleted) + b"\r\n")
        self.done()

    def good_store(self, line):
        for _, mail in self.chosen(line.partition(b" ")[0]):
            mail.deleted = True
        self.done()

    def good_expunge(self, line):
        gone = [mail for _, mail in self.chosen(line)] if self.by_uid else self.server.mailbox.list()
        for number in self.server.mailbox.remove([mail for mail in gone if mail.deleted]):
            self.say(b"* %d EXPUNGE\r\n" % number)
        self.done()

    def good_noop(self, _line):
        self.done()

    good_unselect = good_noop

    def good_list(self, _line):
        self.say(b'* LIST () "/" INBOX\r\n')
        self.done()

    def good_logout(self, _line):
        self.say(b"* BYE bye\r\n")
        self.done()
        self.wire.close()
