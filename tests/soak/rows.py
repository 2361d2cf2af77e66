"""The monitors of the soak, and what each of them depends on."""

from dataclasses import dataclass

import dovecot
import fake
import users
from emailmon import SENDER, leg, monitor
from listeners import CLOSED, LISTENERS, PLAIN_IP

INTERVAL_S, TIMEOUT_S = 6, 6
QUIET, QUIET_INTERVAL_S = 200, 5

# Pairs of doors (keys of LISTENERS).  Each Dovecot instance that is disturbed has some of them.
DIRECT = [
    ("smtp/none/noauth", "imap/none/plain"), ("smtp/tls/plain", "pop3/tls/plain"),
    ("smtp/starttls/login", "imap/starttls/plain"), ("smtp/tls/cram-md5", "imap/tls/cram-md5"),
    ("smtp/none/scram-sha-256", "pop3/starttls/cram-md5"), ("smtp/starttls/scram-sha-1", "imap/tls/cram-md5"),
    ("smtp/tls/scram-sha-256", "imap/starttls/scram-sha-256"), ("smtp/starttls/noauth", "pop3/tls/scram-sha-256"),
    ("smtp/none/noauth/oldfashioned", "imap/none/plain/nouidplus"), ("smtp/tls/all", "imap/tls/all"),
    ("smtp/starttls/all", "pop3/tls/all"), ("smtp/none/noauth/heloonly", "pop3/starttls/all"),
]
FAR = [
    ("smtp/tls/scram-sha-256", "imap/tls/all"), ("smtp/starttls/plain", "pop3/starttls/all"),
    ("smtp/none/noauth", "imap/starttls/plain"), ("smtp/tls/login", "pop3/tls/plain"),
    ("smtp/starttls/noauth", "imap/none/cram-md5"), ("smtp/tls/plain", "imap/tls/scram-sha-256"),
]
INSTANCES = ["plain", "cram-md5", "scram-sha-256", "all"]


@dataclass(frozen=True)
class Path:
    """What a monitor's mail goes through.  `well`: it should be up when nothing is disturbed."""
    user: str = ""
    dovecot: str = ""              # the instance that holds the door of its mailbox
    auth: bool = False             # Postfix asks the instance `delivery` for its login
    far: bool = False              # by the long line
    quiet: bool = False            # before a server that nobody disturbs
    well: bool = True


def path(user, out, inside, far=False, well=True):
    return Path(user, dovecot.instance_of(LISTENERS[inside]), LISTENERS[out].login != "noauth", far, False, well)


def row(name, user, out, inside, **changes):
    """A monitor with the soak's interval and patience."""
    return monitor(name, user, out, inside, **{"interval": INTERVAL_S, "smtp__timeout": TIMEOUT_S,
                                               "incoming__timeout": TIMEOUT_S, **changes})


def far_leg(key, link):
    """The settings of a leg by the long line; the certificate shows the door's own name."""
    return {**leg(LISTENERS[key]), "server": PLAIN_IP, "port": link.ports[key], "tls_name": LISTENERS[key].name}


class Rows:
    """`monitors`: what stands in the file; `paths`: {name: Path} of every monitor that ever was."""

    def __init__(self, link, ports):
        self.monitors, self.paths = [], {}
        for n, (out, inside) in enumerate(DIRECT, 1):
            self.add(row(f"direct {n}", f"u{n}", out, inside), path(f"u{n}", out, inside))
        for n, (out, inside) in enumerate(FAR, 20):
            far = row(f"far {n}", f"u{n}", out, inside)
            far["smtp"].update(far_leg(out, link))
            far["incoming"].update(far_leg(inside, link))
            self.add(far, path(f"u{n}", out, inside, far=True))
        for n in range(QUIET):
            self.add(fake.monitor(f"quiet-{n}", ports, ("imap", "pop3")[n % 2], interval=QUIET_INTERVAL_S),
                     Path(quiet=True))
        self.add_down()

    def add_down(self):
        """Each for a reason of its own, for good."""
        doors = ("smtp/none/noauth", "imap/none/plain")
        self.add(row("vanishes", "u40", *doors, smtp__to=users.address("u40", "vanish")),
                 path("u40", *doors, well=False))
        self.add(row("refused", "u41", *doors, smtp__to=users.address("u41", "refused")),
                 path("u41", *doors, well=False))
        self.add(row("closed", "u42", *doors, incoming__server=CLOSED[0], incoming__port=CLOSED[1]),
                 path("u42", *doors, well=False))

    def add(self, definition, where):
        self.monitors.append(definition)
        self.paths[definition["name"]] = where


def cells_of(number, name, user, out, inside):
    """{column: value} of a row by SET with the same doors as a monitor of the file would have."""
    securities, protocols = {"none": 1, "starttls": 2, "tls": 3}, {"pop3": 1, "imap": 2}
    smtp, incoming = leg(LISTENERS[out]), leg(LISTENERS[inside])
    password = users.passwords()[user]
    return {"Name": name, "Description": f"made {number}", "Interval": INTERVAL_S,
            "SmtpServer": smtp["server"], "SmtpPort": smtp["port"], "SmtpSecurity": securities[smtp["security"]],
            "SmtpTo": users.address(user), "SmtpFrom": SENDER, "SmtpAuth": 1, "SmtpUsername": user,
            "SmtpPassword": password, "SmtpTimeout": TIMEOUT_S, "InType": protocols[LISTENERS[inside].protocol],
            "InServer": incoming["server"], "InPort": incoming["port"],
            "InSecurity": securities[incoming["security"]], "InUsername": user, "InPassword": password,
            "InTimeout": TIMEOUT_S}
