"""What the three protocols' sessions have in common: at each stage they do what the script says, else what is right.

A script maps a stage to an action.  Stages are the client's commands in lower case ("uidl", "starttls", "mail"), or,
when the command is not in the script, the word of the product's stage ("hello", "auth", "fetch"); "x/tls" comes before
"x" when the connection is under TLS.  "offers" (lines; IMAP: words), "mechanisms" and "exchanges" ({name: how it is
done}, see login.py) are what is offered instead of the right things; "all" is a function that makes something else of
all octets that are said; "resolve" is the name server's (names.py).  An action is

  octets       sent instead of the right reply; "$TAG" stands for the command's tag (IMAP)
  a function   called with (session, line); it may return GOOD: then the right reply follows
"""

import base64

import login
from wire import Gone

GOOD = object()


class Session:
    """One connection.  Subclasses: COMMANDS {verb: stage word}, NAME, greet(), refuse(), and good_VERB(line)."""

    MECHANISMS = ("PLAIN", "CRAM-MD5")
    COMMANDS = {}

    def __init__(self, server, wire, script):
        self.server, self.wire, self.script = server, wire, script
        self.tag = b""
        self.logged_in = False
        self.said = []                        # every line of the client
        self.good = None                      # what is right at the present stage
        self.turns = {}                       # how often what goes by turns was done (actions.in_turn)

    @property
    def mechanisms(self):
        return self.scripted("mechanisms", default=self.MECHANISMS)

    def serve(self):
        """The whole conversation; Gone ends it."""
        if self.server.security == "tls":
            self.secure()
        self.stage("greeting", "greeting", b"", self.greet)
        while True:
            self.command(self.wire.line())

    def secure(self):
        """The handshake, at stage "tls"."""
        self.stage("tls", "tls", b"", lambda _line: self.wire.secure(self.server.context))

    def stage(self, verb, word, line, good):
        """Do what the script says of this stage, else what is right."""
        action = self.scripted(verb, word)
        self.good = good
        if action is None or self.do(action, line) is GOOD:
            good(line)

    def right(self, line):
        """The right reply at this stage, not said."""
        words = []
        self.say = words.append
        try:
            self.good(line)
        finally:
            del self.say
        return b"".join(words)

    def do(self, action, line):
        if not isinstance(action, bytes):
            return action(self, line)
        self.say(action)
        return None

    def scripted(self, *names, default=None):
        """What the script has under the first of these names that it knows."""
        if self.wire.secured:
            names = [*(name + "/tls" for name in names), *names]
        return next((self.script[name] for name in names if name in self.script), default)

    def command(self, line):
        self.said.append(line)
        self.server.lines.append(line)
        verb, line = self.parse(line)
        if verb not in self.COMMANDS:
            self.refuse(b"unknown command " + verb.encode("ascii", "replace"))
        else:
            self.stage(verb, self.COMMANDS[verb], line, getattr(self, "good_" + verb))

    def parse(self, line):
        """(verb in lower case, what follows it)"""
        verb, _, rest = line.partition(b" ")
        return verb.decode("ascii", "replace").lower(), rest

    def say(self, octets):
        octets = octets.replace(b"$TAG", self.tag)
        self.wire.send(self.scripted("all", default=bytes)(octets))

    def authenticate(self, mechanism, initial, ask, accept):
        """One SASL exchange; ask(challenge in base64), accept(whether)."""
        known = {**login.MECHANISMS, **self.scripted("exchanges", default={})}.get(mechanism.upper())
        if known is None or mechanism.upper() not in self.mechanisms:
            self.refuse(b"no such mechanism")
            return
        if initial is not None:
            initial = b"" if initial == b"=" else base64.b64decode(initial)
        exchange = known(self.server.user.encode(), self.server.password.encode(), initial)
        try:
            challenge = next(exchange)
            while True:
                self.stage("challenge", "challenge", login.b64(challenge), ask)
                response = self.wire.line()
                self.said.append(response)
                if response == b"*":
                    self.refuse(b"cancelled")
                    return
                challenge = exchange.send(base64.b64decode(response))
        except StopIteration as end:
            self.logged_in = bool(end.value)
            accept(self.logged_in)


def ends(session):
    """Serve it to its end, whatever that is."""
    try:
        session.serve()
    except Gone:
        pass
    except Exception as error:                # a mistake of the script: the play fails by it
        session.server.mistakes.append(repr(error))
