"""The table of everything in the lab that listens.

One row is one door: what it speaks, how it is secured, which logins it takes, and which peculiarity it has.  The
configurations of Postfix and Dovecot are made from these rows, and so are the checks.

Ports tell what is behind them: 21xxx SMTP, 22xxx POP3, 23xxx IMAP; x0xx none, x1xx STARTTLS, x2xx TLS; the last digits
are the login (below).  Addresses tell how the door is secured: no server listens on 127.0.0.1, because Dovecot trusts a
client whose address is its own.
"""

from dataclasses import dataclass

PLAIN_IP = "127.0.0.11"       # plain.lab.test: no TLS at all
MAIL_IP = "127.0.0.12"        # mail., smtp., imap., pop.lab.test: the good certificate, TLS a must
OPEN_IP = "127.0.0.13"        # open.lab.test: STARTTLS offered, not a must; clear-text logins refused without it
SECRETIVE_IP = "127.0.0.14"   # secretive.lab.test: no TLS, and clear-text logins refused
TOO_OLD_IP = "127.0.0.25"     # old.lab.test: TLS 1.1 and nothing newer

# What a bad certificate is called, and the address that shows it; the name is <called>.lab.test
BAD_CERTS = {"expired": "127.0.0.21", "wrongname": "127.0.0.22", "selfsigned": "127.0.0.23", "untrusted": "127.0.0.24"}

NAMES = {
    "plain.lab.test": PLAIN_IP,
    "mail.lab.test": MAIL_IP,
    "smtp.lab.test": MAIL_IP,
    "imap.lab.test": MAIL_IP,
    "pop.lab.test": MAIL_IP,
    "open.lab.test": OPEN_IP,
    "secretive.lab.test": SECRETIVE_IP,
    "old.lab.test": TOO_OLD_IP,
    **{f"{kind}.lab.test": ip for kind, ip in BAD_CERTS.items()},
}

PROTOCOLS = {"smtp": 21000, "pop3": 22000, "imap": 23000}
SECURITIES = {"none": 0, "starttls": 100, "tls": 200}
NAME_OF = {"none": "plain.lab.test", "smtp": "smtp.lab.test", "pop3": "pop.lab.test", "imap": "imap.lab.test"}

# Logins: the last digits of the port, and the SASL mechanisms offered.
LOGINS = {
    "noauth": (0, ()),                # SMTP only
    "plain": (1, ("PLAIN",)),
    "login": (2, ("LOGIN",)),
    "cram-md5": (3, ("CRAM-MD5",)),
    "scram-sha-1": (4, ("SCRAM-SHA-1",)),
    "scram-sha-256": (5, ("SCRAM-SHA-256",)),
    "user": (6, ()),                  # USER/PASS of POP3, LOGIN of IMAP: no SASL offered
    "wrong": (8, ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")),
    "all": (9, ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")),
}


@dataclass(frozen=True)
class Listener:
    protocol: str         # smtp, pop3, imap
    security: str         # none, starttls, tls: what a client must be set to
    login: str            # a key of LOGINS
    name: str             # resolves by the lab's name server
    host: str             # the address
    port: int
    cert: str = "good"    # good, expired, wrongname, selfsigned, untrusted, tooold; "" without TLS
    quirk: str = ""       # what else is odd about it

    @property
    def mechanisms(self):
        return LOGINS[self.login][1]

    @property
    def key(self):
        """How tests call it: imap/tls/plain, smtp/starttls/noauth/expired."""
        extra = [] if self.cert in ("good", "") else [self.cert]
        return "/".join([self.protocol, self.security, self.login, *extra, *([self.quirk] if self.quirk else [])])


def port_of(protocol, security, login):
    return PROTOCOLS[protocol] + SECURITIES[security] + LOGINS[login][0]


def ordinary():
    """Every protocol by every security by every login, behind the good certificate."""
    for protocol in PROTOCOLS:
        for security in SECURITIES:
            for login in LOGINS:
                if (protocol == "smtp" and login == "user") or (protocol != "smtp" and login == "noauth"):
                    continue
                clear = security == "none"
                yield Listener(protocol, security, login, NAME_OF["none" if clear else protocol],
                               PLAIN_IP if clear else MAIL_IP, port_of(protocol, security, login),
                               "" if clear else "good")


def with_bad_certs():
    for cert, ip in {**BAD_CERTS, "tooold": TOO_OLD_IP}.items():
        name = "old.lab.test" if cert == "tooold" else f"{cert}.lab.test"
        for protocol in PROTOCOLS:
            login = "noauth" if protocol == "smtp" else "all"
            for security in ("starttls", "tls"):
                yield Listener(protocol, security, login, name, ip, port_of(protocol, security, login), cert)


def odd():
    """Doors with a peculiarity.  STARTTLS that is not offered needs no row: ask for it at any row with `none`."""
    yield Listener("smtp", "none", "noauth", "plain.lab.test", PLAIN_IP, 21020, "", "oldfashioned")
    yield Listener("smtp", "none", "noauth", "plain.lab.test", PLAIN_IP, 21021, "", "heloonly")
    yield Listener("imap", "none", "plain", "plain.lab.test", PLAIN_IP, 23020, "", "nouidplus")
    for protocol in ("pop3", "imap"):
        number = PROTOCOLS[protocol] + LOGINS["all"][0]
        yield Listener(protocol, "starttls", "all", "open.lab.test", OPEN_IP, number + 100, "good", "optional")
        yield Listener(protocol, "none", "all", "secretive.lab.test", SECRETIVE_IP, number, "", "secretive")
        yield Listener(protocol, "none", "plain", "secretive.lab.test", SECRETIVE_IP,
                       port_of(protocol, "none", "plain"), "", "secretive")
    yield Listener("smtp", "starttls", "all", "open.lab.test", OPEN_IP, 21109, "good", "optional")


LISTENERS = {row.key: row for row in [*ordinary(), *with_bad_certs(), *odd()]}

# Doors without a server behind them: (address, port).
CLOSED = (PLAIN_IP, 20001)       # refuses the connection
SILENT = (PLAIN_IP, 20002)       # accepts, never speaks, never closes
SILENT_TLS = (PLAIN_IP, 20004)   # the same, for clients that begin with TLS: what they learn of a port is another thing
DEAF = (PLAIN_IP, 20003)         # never accepts: the connection itself times out
DNS = (PLAIN_IP, 20053)          # the name server, UDP and TCP
SNMP = (PLAIN_IP, 20161)         # snmpd, UDP
TRAPS = (PLAIN_IP, 20162)        # snmptrapd, UDP
AGENTX_TCP = (PLAIN_IP, 20705)   # AgentX over TCP; over a unix socket: snmp.AGENTX
