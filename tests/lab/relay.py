"""A relay before a real server that hears all, and counts round trips: how often the client had to wait for the server.

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
        self.said = {"client": bytearray(), "server": bytearray()}
        self.speaker = None

    def heard(self, speaker, data):
        if speaker != self.speaker:
            self.speaker = speaker
            self.turns += speaker == "client"
            self.flights.append([speaker, 0])
        self.flights[-1][1] += len(data)
        self.said[speaker] += data

    def __str__(self):
        return " ".join(f"{'>' if who == 'client' else '<'}{size}" for who, size in self.flights)


class Relay:
    """Listens on a port of its own and passes everything on to one door."""

    def __init__(self, door, delay_s):
        self.server, self.delay_s, self.ended = door, delay_s, []
        self.door = Door(self.talk, PLAIN_IP)
        self.host, self.port = PLAIN_IP, self.door.port

    def talk(self, client):
        conversation = Conversation()
        with client, socket.create_connection((self.server.host, self.server.port), timeout=5) as server:
            with contextlib.suppress(OSError):
                self.copy(client, server, conversation)
        self.ended.append(conversation)

    def copy(self, client, server, conversation):
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
                    conversation.heard("client", data)
                    server.sendall(data)
                if server in ready:
                    data = server.recv(65536)
                    if not data:
                        selector.unregister(server)
                    held += data
                    late = late or time.monotonic() + self.delay_s
                if late and time.monotonic() >= late:
                    if not held:
                        return            # the server has closed
                    conversation.heard("server", held)
                    client.sendall(held)
                    late, held = None, b""
                    if server not in selector.get_map():
                        return


@contextlib.contextmanager
def before(door, delay_s=DELAY_S):
    """A relay before `door` for the length of a `with`; who does not count round trips need not delay anybody."""
    relay = Relay(door, delay_s)
    try:
        yield relay
    finally:
        relay.door.close()
