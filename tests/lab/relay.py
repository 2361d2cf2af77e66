"""A relay before a real server that counts round trips: how often the client had to wait for the server.

The connection is the first; each time that the client sends after the server has sent (or sends first) is one more.
"""

import contextlib
import selectors
import socket
import time

from door import Door
from listeners import PLAIN_IP

DELAY_S = 0.02


class Conversation:
    """One connection through the relay."""

    def __init__(self):
        self.turns = 1                # the connection itself
        self.flights = []             # (who, bytes), for a failed test
        self.speaker = None

    def heard(self, speaker, size):
        if speaker != self.speaker:
            self.speaker = speaker
            self.turns += speaker == "client"
            self.flights.append([speaker, 0])
        self.flights[-1][1] += size

    def __str__(self):
        return " ".join(f"{'>' if who == 'client' else '<'}{size}" for who, size in self.flights)


class Relay:
    """Listens on a port of its own and passes everything on to one door."""

    def __init__(self, door):
        self.server, self.ended = door, []
        self.door = Door(self.talk, PLAIN_IP)
        self.host, self.port = PLAIN_IP, self.door.port

    def talk(self, client):
        conversation = Conversation()
        with client, socket.create_connection((self.server.host, self.server.port), timeout=5) as server:
            with contextlib.suppress(OSError):
                self.copy(client, server, conversation)
        self.ended.append(conversation)

    @staticmethod
    def copy(client, server, conversation):
        """What the server says is held back a little: what the client sends meanwhile was no answer to it."""
        late, held = None, b""
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(late and max(0, late - time.monotonic()))]
                if client in ready:
                    data = client.recv(65536)
                    if not data:
                        return
                    conversation.heard("client", len(data))
                    server.sendall(data)
                if server in ready:
                    data = server.recv(65536)
                    if not data:
                        selector.unregister(server)
                    held += data
                    late = late or time.monotonic() + DELAY_S
                if late and time.monotonic() >= late:
                    if not held:
                        return            # the server has closed
                    conversation.heard("server", len(held))
                    client.sendall(held)
                    late, held = None, b""
                    if server not in selector.get_map():
                        return


@contextlib.contextmanager
def before(door):
    """A relay before `door` for the length of a `with`."""
    relay = Relay(door)
    try:
        yield relay
    finally:
        relay.door.close()
