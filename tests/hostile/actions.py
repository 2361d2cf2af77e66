"""What scripts make servers do (see session.py): each is, or makes, a function of (session, line)."""

import itertools
import re
import time

from session import GOOD
from wire import Gone

FAREWELL_S = 4                # that a client waits at most for an answer to its last command, on a busy machine


def silent(session, _line):
    """Says nothing more, and reads on."""
    session.wire.until_gone()


def deaf(_session, _line):
    """Neither speaks nor reads: what the client sends fills the buffers.  As long as any leg may last."""
    time.sleep(30)
    raise Gone("deaf")


def close(session, _line):
    """FIN instead of a reply."""
    session.wire.close()


def half_close(session, _line):
    """FIN instead of a reply, and reads on."""
    session.wire.half_close()


def reset(session, _line):
    """RST instead of a reply."""
    session.wire.reset()


def urgent(session, _line):
    """An octet of urgent data, then the right reply."""
    session.wire.send_urgent()
    return GOOD


def first(octets):
    """These octets, then the right reply, in a segment of its own."""
    def act(session, _line):
        session.say(octets)
        return GOOD
    return act


def last(octets):
    """The right reply, then these octets, in the same segment."""
    def act(session, line):
        session.say(session.right(line) + octets)
    return act


def say(*parts, every_s=0.0):
    """These octets, or what these actions do, one after the other; then silence."""
    def act(session, line):
        for part in parts:
            if isinstance(part, bytes):
                session.say(part)
            else:
                part(session, line)
            time.sleep(every_s)
        session.wire.until_gone()
    return act


def flood(octets, times=1 << 30, chunk=65536):
    """The same octets again and again, as fast as they are taken; then silence."""
    def act(session, _line):
        octets_once = octets.replace(b"$TAG", session.tag)
        many = octets_once * max(1, chunk // len(octets_once))
        each = len(many) // len(octets_once)
        for _ in range(max(1, times // each)):
            session.wire.send(many)
        session.wire.until_gone()
    return act


def drip(octets, every_s=0.3):
    """The octets again and again, one at a time."""
    def act(session, _line):
        while True:
            for at in range(len(octets)):
                session.wire.send(octets[at:at + 1])
                time.sleep(every_s)
    return act


def repeat(octets, every_s):
    """The octets again and again, all at once every so often."""
    def act(session, _line):
        while True:
            session.say(octets)
            time.sleep(every_s)
    return act


def hear(session, _line):
    """Waits until the client says something more."""
    session.wire.read()


def never(session, _line):
    """A stage that the client must not come to: the play fails."""
    raise AssertionError(f"the client must not say {session.said[-1]!r}")


def nothing(_session, _line):
    """No reply, and on to the next command."""


def wait(s):
    """The right reply, after so many seconds."""
    def act(_session, _line):
        time.sleep(s)
        return GOOD
    return act


def in_turn(*actions):
    """The first of them the first time in a connection, then the next; in the end what is right."""
    def act(session, line):
        turn = session.turns[act] = session.turns.get(act, -1) + 1
        return session.do(actions[turn], line) if turn < len(actions) else GOOD
    return act


def times(n, action):
    """The first n times, in whatever connections; then what is right."""
    turns = itertools.count(1)

    def act(session, line):
        return session.do(action, line) if next(turns) <= n else GOOD
    return act


def amended(*pairs):
    """The right reply, in which each pattern gives way to what stands beside it."""
    def act(session, line):
        reply = session.right(line)
        for pattern, by in pairs:
            reply = re.sub(pattern, by, reply, flags=re.DOTALL)
        session.say(reply)
    return act


def deliver(copies=1, rewrite=lambda mail: mail):
    """The mail is delivered so many times, rewritten."""
    def act(session, mail):
        for _ in range(copies):
            session.server.mailbox.put(rewrite(mail))
        session.say(b"250 2.0.0 queued\r\n")
    return act


def parting(action):
    """This at the client's last command; it is a mistake when the client then waits for long."""
    def act(session, line):
        began = time.monotonic()
        try:
            session.do(action, line)
            session.wire.until_gone()
        except Gone:
            if time.monotonic() - began > FAREWELL_S:
                session.server.mistakes.append(f"the client waited {time.monotonic() - began:.1f} s for a farewell")
            raise
    return act
