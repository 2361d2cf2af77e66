"""A good SMTP server (RFC 5321, 3207, 4954, 2920): it puts every mail into its mailbox."""

from session import Session


class Smtp(Session):
    NAME = "smtp"
    COMMANDS = {"ehlo": "hello", "helo": "hello", "starttls": "startTls", "auth": "auth", "mail": "mailFrom",
                "rcpt": "rcptTo", "data": "data", "rset": "quit", "noop": "quit", "quit": "quit"}

    def greet(self, _line):
        self.say(b"220 hostile.test ESMTP\r\n")

    def refuse(self, why):
        self.say(b"502 " + why + b"\r\n")

    def good_ehlo(self, _line):
        offers = [b"PIPELINING", b"SIZE 10485760", b"8BITMIME", b"ENHANCEDSTATUSCODES"]
        if self.server.security == "starttls" and not self.wire.secured:
            offers.append(b"STARTTLS")
        if self.mechanisms:
            offers.append(b"AUTH " + " ".join(self.mechanisms).encode())
        offers = self.scripted("offers", default=offers)
        lines = [b"hostile.test", *offers]
        self.say(b"".join(b"250%s%s\r\n" % (b"-" if line is not lines[-1] else b" ", line) for line in lines))

    def good_helo(self, _line):
        self.say(b"250 hostile.test\r\n")

    def good_starttls(self, _line):
        self.say(b"220 go ahead\r\n")
        self.secure()

    def good_auth(self, line):
        mechanism, _, initial = line.partition(b" ")
        self.authenticate(mechanism.decode(), initial or None,
                          lambda challenge: self.say(b"334 " + challenge + b"\r\n"),
                          lambda ok: self.say(b"235 2.7.0 welcome\r\n" if ok else b"535 5.7.8 wrong\r\n"))

    def good_mail(self, _line):
        self.say(b"250 2.1.0 sender\r\n")

    def good_rcpt(self, _line):
        self.say(b"250 2.1.5 recipient\r\n")

    def good_data(self, _line):
        self.say(b"354 go on\r\n")
        lines = []
        while (line := self.wire.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        self.mail = b"".join(line + b"\r\n" for line in lines)
        self.server.mails.append(self.mail)
        self.stage("dot", "afterDot", self.mail, self.good_dot)

    def good_dot(self, mail):
        self.server.mailbox.put(mail)
        self.say(b"250 2.0.0 queued\r\n")

    def good_rset(self, _line):
        self.say(b"250 2.0.0 forgotten\r\n")

    good_noop = good_rset

    def good_quit(self, _line):
        self.say(b"221 2.0.0 bye\r\n")
        self.wire.close()
