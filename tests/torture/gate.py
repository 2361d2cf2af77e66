"""A door before a server that holds conversations at a word of the client's, so that a test can look, kill or change
something in that very moment.

What is held is lost when the client goes: it had left the client, and never arrived.
"""

import contextlib
import re
import select
import socket
import threading

import fake
from door import Door

SAID, ANSWERED = "said", "answered"
STEP_MS = 50
NOTHING = b"\n"               # so that the first line, too, begins behind a line end


class Gate:
    """Before a port of a fake server.  hold(SAID, word): a line of the client's that begins with the word, and what
    comes behind it, does not reach the server; hold(ANSWERED, word): the server's answer to it does not reach the
    client; the word b"": the greeting.  `held`: how many conversations are held now; `left`: of how many the client
    has gone meanwhile."""

    def __init__(self, server_port):
        self.server_port, self.side, self.word = server_port, None, None
        self.held, self.left, self.lock = 0, 0, threading.Lock()
        self.door = Door(lambda client: Conversation(self, client).run(), fake.HOST)
        self.port = self.door.port

    def hold(self, side, word):
        self.side, self.word = side, word

    def open(self):
        self.side = None

    def count(self, held, left=0):
        with self.lock:
            self.held += held
            self.left += left

    def close(self):
        self.open()
        self.door.close()


class Conversation:
    def __init__(self, gate, client):
        self.gate, self.client = gate, client
        self.server = socket.create_connection((fake.HOST, gate.server_port))
        self.said = NOTHING
        self.silent = False           # the server's answers are held

    def run(self):
        answers = threading.Thread(target=self.copy, args=(self.server, self.client, self.answer), daemon=True)
        with self.client, self.server:
            answers.start()
            self.copy(self.client, self.server, self.say)
            answers.join()

    def copy(self, source, target, passes):
        """Until one of the two closes; then the other is closed, too."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passes(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def say(self, data):
        """From the client to the server."""
        begin = len(self.said)
        self.said += data
        place = self.place_of_word(begin)
        if place is None:
            self.server.sendall(data)
        elif self.gate.side == ANSWERED:
            self.silent = True
            self.server.sendall(data)
        else:
            self.server.sendall(self.said[begin:place])
            self.wait()
            self.server.sendall(self.said[place:])

    def place_of_word(self, begin):
        """Where the line with the word begins in what was said, if a piece of it is new."""
        if not self.gate.side or not self.gate.word:
            return None
        found = re.compile(rb"\n(?:[A-Z]+\d+ )?" + re.escape(self.gate.word)).search(self.said, max(0, begin - 16))
        return found and max(begin, found.start() + 1)

    def answer(self, data):
        """From the server to the client."""
        greeting = self.gate.side == ANSWERED and self.gate.word == b"" and self.said == NOTHING
        if self.silent or greeting:
            self.wait()
            self.silent = False
        self.client.sendall(data)

    def wait(self):
        """Until the door is opened; an OSError: the client has gone before."""
        gone = select.poll()
        gone.register(self.client, select.POLLRDHUP)
        self.gate.count(held=1)
        while self.gate.side:
            if gone.poll(STEP_MS):
                self.gate.count(held=-1, left=1)
                raise ConnectionAbortedError
        self.gate.count(held=-1)
