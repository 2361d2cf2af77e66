"""What a poll costs in processor time, beside others that do the same work in the same run, by turns.

Arguments: which parts (`imap`, `pop3`, `tls`, `flight`), by default all of them.
"""

import collections
import contextlib
import os
import subprocess
import time

import fake
from measured import threads_s
from places import TREE, LabError, own, wait_for
from program import watching

PROGRAMS = f"{TREE}/build/release/tests/bench/bench_"
INTERVAL_S, TURNS, WINDOW_S = 5, 3, 5
FLIGHT_INTERVAL_S = 20                    # longer than the slowest poll takes there: as many end then as begin
PLAIN_RATE, TLS_RATE = 400, 100
ROUND_TRIPS = 8                           # of a poll, about: each one waits for the server's delay
FLIGHTS = (1, 10, 100, 1000)              # polls at work at once
THREADS = ("worker", "store", "agent")

# name: (protocol, what the server does, settings of both legs, polls a second)
Variant = collections.namedtuple("Variant", "protocol tls security auth rate")
VARIANTS = {
    "IMAP": Variant("imap", 0, "none", False, PLAIN_RATE),
    "POP3": Variant("pop3", 0, "none", False, PLAIN_RATE),
    "IMAP, STARTTLS, AUTH": Variant("imap", 2, "starttls", True, TLS_RATE),
    "IMAP, TLS": Variant("imap", 1, "tls", False, TLS_RATE),
}


def row(n, variant, ports, interval_s):
    monitor = fake.monitor(f"row{n}", ports, variant.protocol, interval=interval_s)
    monitor["smtp"].update(security=variant.security, auth=variant.auth, plaintext_auth=True)
    monitor["incoming"].update(security=variant.security)
    if variant.auth:
        monitor["smtp"].update(username=f"row{n}", password="anything")
    return monitor


@contextlib.contextmanager
def serving(variant):
    """A server for the variant, and its certificate."""
    with fake.serving() as server:
        server.misbehave("tls")
        authority = server.certificate(own("authority.pem"))
        server.misbehave("tls", variant.tls)
        yield server, authority


# --- those who do the same ---

def client(name, *arguments):
    """Processor time of a poll, in us, as a program of this folder says it; None: it was not built."""
    program = PROGRAMS + name
    if not os.path.exists(program):
        return None
    ran = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if ran.returncode:
        raise LabError(f"{name}: {ran.stderr.strip()}")
    return float(ran.stdout.split()[0])


def event_client(server, variant, polls):
    ports = server.ports
    return client("event_client", variant.protocol, ports["smtp"], ports[variant.protocol], polls, variant.rate)


def curl_client(server, variant, polls):
    return client("curl_client", server.ports["smtp"], server.ports["imap"], polls, variant.rate)


def handshakes(server, variant, authority, pairs):
    ports = server.ports
    return client("handshakes", ports["smtp"], ports[variant.protocol], authority, pairs, variant.rate)


# --- emailmon ---

@contextlib.contextmanager
def polling(server, authority, variant, interval_s=INTERVAL_S):
    """An emailmon whose rows have been polled once."""
    rows = [row(n, variant, server.ports, interval_s) for n in range(variant.rate * interval_s)]
    sent = server.counted("mails taken")
    with watching(rows, tls={"ca_file": authority}, limits={"in_flight": 2000, "per_host": 2000}) as program:
        wait_for(lambda: server.counted("mails taken") - sent > len(rows) * 1.2, 60, "the first polls")
        yield program


def window(server, program, seconds=WINDOW_S):
    """Processor time of a poll, in us, by thread; each poll sends one mail."""
    mails, before = server.counted("mails taken"), threads_s(program.process.pid)
    time.sleep(seconds)
    polls, after = server.counted("mails taken") - mails, threads_s(program.process.pid)
    spent = {name: (after[name] - before.get(name, 0)) / polls * 1e6 for name in after}
    return {**{name: spent.get(name, 0) for name in THREADS}, "all": sum(spent.values())}


def check_well(program):
    down = {i: r for i, r in program.status("OperStatus", "FailureText").items() if r[0] != 1}
    assert not down, f"{len(down)} rows are not up: {dict(list(down.items())[:3])}"


def emailmon(server, authority, variant):
    with polling(server, authority, variant) as program:
        spent = window(server, program)
        check_well(program)
        return spent


# --- by turns ---

def best(values):
    """The least of those that were measured; None: none was."""
    return min((v for v in values if v is not None), default=None)


def by_turns(variant, others):
    """emailmon's best by its whole, and the best of each of the others: {name: function(server, authority)}."""
    own_runs, other_runs = [], {name: [] for name in others}
    with serving(variant) as (server, authority):
        for _ in range(TURNS):
            own_runs.append(emailmon(server, authority, variant))
            for name, measure in others.items():
                other_runs[name].append(measure(server, authority))
    return min(own_runs, key=lambda spent: spent["all"]), {name: best(runs) for name, runs in other_runs.items()}


def compare(out, name, others, figures):
    """One table, and the figures: {key: whom it is about}."""
    variant = VARIANTS[name]
    spent, beside = by_turns(variant, others)
    out.say(f"{name}, {variant.rate} polls a second, the best of {TURNS} of each:")
    out.table(("", "us a poll", "emailmon beside it"),
              [(f"emailmon ({', '.join(f'{t} {spent[t]:.0f}' for t in THREADS)})", spent["all"], "")] +
              [(who, "not built" if us is None else us, "" if us is None else spent["all"] / us)
               for who, us in beside.items()])
    for key, who in figures.items():
        if beside[who] is not None:
            out.figure(key, spent["all"] / beside[who])


def imap(out):
    variant, polls = VARIANTS["IMAP"], PLAIN_RATE * WINDOW_S
    compare(out, "IMAP", {"an event-driven client": lambda server, _: event_client(server, variant, polls),
                          "libcurl": lambda server, _: curl_client(server, variant, polls)},
            {"event_imap": "an event-driven client", "libcurl": "libcurl"})


def pop3(out):
    variant, polls = VARIANTS["POP3"], PLAIN_RATE * WINDOW_S
    compare(out, "POP3", {"an event-driven client": lambda server, _: event_client(server, variant, polls)},
            {"event_pop3": "an event-driven client"})


def tls(out):
    variant, pairs = VARIANTS["IMAP, TLS"], TLS_RATE * WINDOW_S
    compare(out, "IMAP, TLS",
            {"two bare handshakes": lambda server, authority: handshakes(server, variant, authority, pairs)},
            {"tls_poll": "two bare handshakes"})


def flight(out):
    """A server that takes its time makes polls be at work side by side."""
    lines = []
    for name, variant in VARIANTS.items():
        with serving(variant) as (server, authority), \
                polling(server, authority, variant, FLIGHT_INTERVAL_S) as program:
            for polls in FLIGHTS:
                delay_ms = round(1000 * polls / variant.rate / ROUND_TRIPS) if polls > 1 else 0
                server.misbehave("delay", delay_ms)
                time.sleep(FLIGHT_INTERVAL_S)
                spent = window(server, program)
                lines.append((name, program.scalar("InFlight"), *(spent[t] for t in (*THREADS, "all")),
                              1e6 / spent["worker"]))
            check_well(program)
    out.table(("", "in flight", *(f"{t}, us a poll" for t in THREADS), "all", "polls a second, at most"), lines)


PARTS = {"imap": imap, "pop3": pop3, "tls": tls, "flight": flight}


def run(out, *parts):
    for part in parts or PARTS:
        PARTS[part](out)
