"""A case: what a server does, and what must come of it.

`ends` is the failure of the hostile leg in the MIB's words, "stage cause" ("greeting timedOut"), or WELL: then polls go on
to bring the row's probes home.  Stages delivery and local are the poll's own failure.
"""

import dataclasses
import typing

WELL = "well"
MAIL = ("smtp", "pop3", "imap")               # protocols
INCOMING = ("pop3", "imap")
PATIENT_S = 5                                 # timeout of those that are not to time out

# The stages that a leg goes through, up to where a failure is the leg's: the client's command -> the product's word.
STAGES = {"smtp": {"greeting": "greeting", "ehlo": "hello", "auth": "auth", "mail": "mailFrom", "rcpt": "rcptTo",
                   "data": "data", "dot": "afterDot"},
          "pop3": {"greeting": "greeting", "capa": "hello", "auth": "auth", "stat": "search", "uidl": "search",
                   "top": "fetch"},
          "imap": {"greeting": "greeting", "authenticate": "auth", "select": "select", "fetch": "fetch"}}
TLS_STAGES = {"smtp": {"starttls": "startTls", "tls": "tls", "ehlo/tls": "hello"},
              "pop3": {"stls": "startTls", "tls": "tls", "capa/tls": "hello"},
              "imap": {"starttls": "startTls", "tls": "tls", "capability/tls": "hello"}}

FOREIGN = (b"From: a@example\r\nSubject: not ours\r\nMessage-ID: <1@example>\r\n\r\nThe body.\r\n",
           b"From: b@example\r\nSubject: em1. is not enough\r\nMessage-ID: <em1.short@example>\r\n\r\n.\r\n")


@dataclasses.dataclass
class Play:
    """One row before one hostile server."""
    at: str                                   # the hostile leg's protocol
    script: dict
    ends: str
    verdict: str = ""                         # "": down when it fails, else up; "up down": either
    security: str = "none"
    within_s: float = 0                       # the leg's time; 0: 4 x timeout, and a second for a busy machine
    settings: dict = dataclasses.field(default_factory=dict)    # of the hostile leg
    row: dict = dataclasses.field(default_factory=dict)         # of the monitor
    password: str = ""                        # of the hostile leg; "": one by chance
    mails: tuple = FOREIGN                    # stand in the mailbox before; must stand there afterwards
    incoming: str = "imap"                    # protocol of the other leg, when SMTP is hostile
    other: dict = dataclasses.field(default_factory=dict)       # a script for the other leg
    arm: typing.Any = None                    # arm(server): what to do when the script begins, instead of scripting
    from_start: bool = False                  # there is no good round trip before
    check: typing.Any = None                  # check(world, scene, row's status): more that must hold then
    piece: int = 0                            # the server sends so many octets at a time
    heap: int = 1 << 16                       # octets above the base beside those of the whole play (world.HEAP)
    shares: str = ""                          # the play whose incoming server and mailbox it uses, as the same user
    label: str = ""

    def __post_init__(self):
        self.timeout_s = PATIENT_S if self.ends == WELL else 1
        self.within_s = self.within_s or 4 * self.timeout_s + 1

    @property
    def name(self):
        return "-".join(part for part in (self.at, self.security if self.security != "none" else "", self.label) if part)


@dataclasses.dataclass
class Case:
    number: str
    says: str                                 # a sentence: what must hold
    plays: list
    shown_by: tuple = ()                      # "folder/module.function": other tiers' tests that show it
    lacks: str = ""                           # the feature that is not built yet, by name
    drive: typing.Any = None                  # drive(world): more steps than one bad poll


def case(number, says, *plays, drive=None):
    """A case with its plays (lists of them are laid flat)."""
    return Case(number, says, list(flat(plays)), drive=drive)


def flat(plays):
    for play in plays:
        yield from flat(play) if isinstance(play, (list, tuple)) else (play,)


def elsewhere(number, says, *shown_by):
    """A case that tests of another tier show."""
    return Case(number, says, [], shown_by=shown_by)


def later(number, says, feature):
    """A case of a feature that is not built yet."""
    return Case(number, says, [], lacks=feature)


def every(protocols, script, ends, **more):
    """The same play at each of these protocols; a dict instead of a value gives each protocol its own."""
    def of(value, protocol):
        return value[protocol] if isinstance(value, dict) and protocol in value else value
    return [Play(at, of(script, at), of(ends, at), **{key: of(value, at) for key, value in more.items()})
            for at in protocols]


def at_each_stage(stages, action, cause, protocols=MAIL, label="", **more):
    """A play for each of these stages, in which it fails."""
    return [Play(at, {command: action}, f"{stage} {cause}", label=f"{label} {command}".strip().replace("/", "-"), **more)
            for at in protocols for command, stage in stages[at].items()]
