"""A server that a script makes hostile: good until it is armed, and to connections that began before."""

import base64
import secrets
import socket

import certs
import session
from door import Door
from imap import Imap
from pop3 import Pop3
from smtp import Smtp
from wire import Wire

PROTOCOLS = {kind.NAME: kind for kind in (Smtp, Pop3, Imap)}


def without_room(address, port):
    """Listens on a port that answers no SYN: its queue is full.  As long as what is returned lives."""
    listener = socket.create_server((address, port), backlog=0)
    queued = socket.create_connection(listener.getsockname())
    return listener, queued


class Server:
    """One port of 127.0.0.1.  `security`: none, starttls or tls.  `script`: see session.py.  `place`: another address and
    port."""

    def __init__(self, protocol, mailbox, security="none", script=None, place=("127.0.0.1", 0)):
        self.protocol, self.mailbox, self.security, self.script = protocol, mailbox, security, script or {}
        self.user, self.password = "probe-" + secrets.token_hex(3), "s3cret " + secrets.token_hex(6)
        self.context = certs.context() if security != "none" else None
        self.piece = 0
        self.armed = False
        self.mails = []                       # SMTP: every mail that came as far as its dot
        self.lines = []                       # every command line of every connection
        self.hellos = []                      # every ClientHello that was read by hand
        self.wires, self.bad_wires = [], []   # every connection; those of the armed server
        self.mistakes = []                    # of scripts
        self.responses = []                   # to challenges, when a script keeps them
        self.kept = None                      # sockets that hold a port at which nobody serves
        self.address, self.port = place
        self.listen()

    def listen(self):
        self.door = Door(self.talk, self.address, self.port)
        self.port = self.door.port

    def close(self):
        self.door.close()

    def stop_listening(self):
        """From now on the port is closed, and nobody else gets it."""
        self.close()
        self.kept = socket.socket()
        self.kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.kept.bind((self.address, self.port))

    def fill_queue(self):
        """From now on no connection is answered."""
        self.close()
        self.kept = without_room(self.address, self.port)

    def talk(self, connection):
        wire = Wire(connection, self.piece)
        self.wires.append(wire)
        if self.armed:
            self.bad_wires.append(wire)
        script = self.script if self.armed else {}
        session.ends(PROTOCOLS[self.protocol](self, wire, script))

    def secrets(self):
        """The password in every form in which it could leave."""
        user, password = self.user.encode(), self.password.encode()
        coded = [base64.b64encode(octets) for octets in (password, b"\0" + user + b"\0" + password)]
        return [password, *coded]
