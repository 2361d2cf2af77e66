"""A good POP3 server (RFC 1939, 2449, 2595, 5034)."""

from session import Session


def stuffed(octets):
    """Lines as a multi-line answer shows them, with the end mark."""
    lines = octets.split(b"\r\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


class Pop3(Session):
    NAME = "pop3"
    COMMANDS = {"capa": "hello", "stls": "startTls", "auth": "auth", "user": "auth", "pass": "auth", "stat": "search",
                "uidl": "search", "list": "search", "top": "fetch", "retr": "fetch", "dele": "delete", "noop": "search",
                "quit": "quit"}

    def __init__(self, server, wire, script):
        super().__init__(server, wire, script)
        self.drop, self.marked = [], []       # the maildrop as it was at the login; what is to be deleted

    def greet(self, _line):
        self.say(b"+OK hostile.test\r\n")

    def refuse(self, why):
        self.say(b"-ERR " + why + b"\r\n")

    def good_capa(self, _line):
        offers = [b"TOP", b"UIDL", b"USER", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING"]
        if self.server.security == "starttls" and not self.wire.secured:
            offers.append(b"STLS")
        if self.mechanisms:
            offers.append(b"SASL " + " ".join(self.mechanisms).encode())
        offers = self.scripted("offers", default=offers)
        self.say(b"+OK\r\n" + b"".join(line + b"\r\n" for line in offers) + b".\r\n")

    def good_stls(self, _line):
        self.say(b"+OK go ahead\r\n")
        self.secure()

    def enter(self, ok):
        self.drop = self.server.mailbox.list()
        self.say(b"+OK welcome\r\n" if ok else b"-ERR [AUTH] wrong\r\n")

    def good_auth(self, line):
        mechanism, _, initial = line.partition(b" ")
        self.authenticate(mechanism.decode(), initial or None,
                          lambda challenge: self.say(b"+ " + challenge + b"\r\n"), self.enter)

    def good_user(self, line):
        self.user = line
        self.say(b"+OK\r\n")

    def good_pass(self, line):
        self.enter([self.user, line] == [self.server.user.encode(), self.server.password.encode()])

    def good_stat(self, _line):
        self.say(b"+OK %d %d\r\n" % (len(self.drop), sum(len(mail.octets) for mail in self.drop)))

    def listing(self, number, what):
        if not number:
            lines = [b"%d %s\r\n" % (i, what(mail)) for i, mail in enumerate(self.drop, 1)]
            self.say(b"+OK\r\n" + b"".join(lines) + b".\r\n")
        elif (mail := self.mail(number)):
            self.say(b"+OK %s %s\r\n" % (number, what(mail)))

    def good_uidl(self, number):
        self.listing(number, lambda mail: b"uid%d" % mail.uid)

    def good_list(self, number):
        self.listing(number, lambda mail: b"%d" % len(mail.octets))

    def mail(self, line):
        """The mail whose number begins the line; None: there is none, and the client is told."""
        number = int(line.split()[0])
        if number <= len(self.drop):
            return self.drop[number - 1]
        self.refuse(b"no such message")
        return None

    def good_top(self, line):
        if (mail := self.mail(line)):
            self.say(b"+OK\r\n" + stuffed(mail.header()))

    def good_retr(self, line):
        if (mail := self.mail(line)):
            self.say(b"+OK\r\n" + stuffed(mail.octets))

    def good_dele(self, line):
        if (mail := self.mail(line)):
            self.marked.append(mail)
            self.say(b"+OK\r\n")

    def good_noop(self, _line):
        self.say(b"+OK\r\n")

    def good_quit(self, _line):
        self.server.mailbox.remove(self.marked)
        self.say(b"+OK bye\r\n")
        self.wire.close()
