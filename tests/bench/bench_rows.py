"""100,000 rows: polls a second, lag, starts missed, memory over time, and what a poll costs as rows grow.

Arguments: how many rows, their interval in s, how many s to measure, and "tls" for TLS on both legs; or "growth" and how
many rows, 100,000.
"""

import signal
import time

import fake
from crowd import Window, rows_at, trusting, watching

WAVE = 500                              # newcomers a second at most (schedule.h)
AFTER_S = 5                             # for the last of them to be done
FIRST_AND_LAST_S = 60                   # what memory is compared in
FIGURED = {                             # rows, interval in s, s that are measured, TLS; the figures have these names
    "plain": (100_000, 300, 600, False),
    "tls": (100_000, 600, 300, True),
    None: (100_000, 60, 120, False),
}

FEW, FEW_INTERVAL_S, MANY = 1000, 3, 100_000    # growth
TURNS, TURN_S, CATCH_UP_S = 3, 20, 12           # ... after its turn a program stands still: what it missed comes first


# --- one run ---

def settle_s(rows, interval_s):
    """Until each row was polled twice, and has found a probe."""
    return rows / WAVE + interval_s + AFTER_S


def a_poll(window, who):
    return 1e6 * window.threads_s[who] / window.polls


def least(kibs):
    return min(kibs) / 1024


def say(out, window, start_s, sums):
    """What is said of one run, for people."""
    median, most_of, most = window.lags_ms()
    first, last = window.resident_kib[:FIRST_AND_LAST_S], window.resident_kib[-FIRST_AND_LAST_S:]
    out.table(["a run", ""], [
        ["s until the table was served", start_s],
        ["polls a second", window.polls / window.seconds],
        ["processor time of a poll, us", window.poll_us],
        *([f"... of the thread {who}", a_poll(window, who)] for who in sorted(window.threads_s)),
        ["... of the server, us", 1e6 * window.server_s / window.polls],
        ["polls in flight, at most", max(in_flight for _, in_flight, _ in window.seen)],
        ["lag, ms: median", median], ["... 99th percentile", most_of], ["... greatest", most],
        *([what, number] for what, number in zip(("starts skipped", "polls failed", "rows that are not up"), sums)),
        ["VmRSS, MiB: least of the first minute", least(first)], ["... of the last minute", least(last)]])
    shares = window.busy()
    bound = max(shares.items(), key=lambda item: item[1] if item[0] != "others" else 0)
    out.table(["who works", "% of one processor"], [[who, 100 * share] for who, share in shares.items()])
    out.say(f"The busiest thread is {bound[0]}: it would be a full processor at "
            f"{window.polls / window.seconds / bound[1]:,.0f} polls a second.")


def one(out, rows, interval_s, seconds, secure, figure=None):
    out.say(f"{rows:,} rows at {interval_s} s{', TLS on both legs' if secure else ''}, {seconds} s:")
    with fake.serving() as server:
        server.misbehave("tls", int(secure))
        settings = trusting(server) if secure else {}
        began = time.monotonic()
        with watching(rows_at(server, rows, interval_s, secure=secure), **settings) as program:
            start_s = time.monotonic() - began
            time.sleep(settle_s(rows, interval_s))
            window = Window(program, server, seconds)
            sums = program.sums()
    say(out, window, start_s, sums)
    if figure:
        skipped, failed, not_up = sums
        out.figure(figure + "_skipped", skipped)
        out.figure(figure + "_lag", window.lags_ms()[-1])
        out.figure(figure + "_false", max(failed, not_up))


# --- growth ---

def turn(program, server):
    """Microseconds of processor a poll, while nobody else is polled."""
    program.process.send_signal(signal.SIGCONT)
    time.sleep(CATCH_UP_S)
    window = Window(program, server, TURN_S)
    program.process.send_signal(signal.SIGSTOP)
    return window.poll_us


def growth(out, many=MANY):
    """Few rows and many before one server, at the same polls a second, by turns."""
    interval_s = many * FEW_INTERVAL_S // FEW
    with fake.serving() as server, \
            watching(rows_at(server, many, interval_s, "many")) as large, \
            watching(rows_at(server, FEW, FEW_INTERVAL_S, "few"), number=1) as small:
        small.process.send_signal(signal.SIGSTOP)
        time.sleep(settle_s(many, interval_s))
        large.process.send_signal(signal.SIGSTOP)
        try:
            took = [(turn(small, server), turn(large, server)) for _ in range(TURNS)]
        finally:
            for program in large, small:
                program.process.send_signal(signal.SIGCONT)
    few_us, many_us = map(min, zip(*took))
    out.table(["processor time of a poll, us", "best", "each"],
              [[f"{rows:,} rows", best, ", ".join(f"{us:.0f}" for us in column)]
               for rows, best, column in zip((FEW, many), (few_us, many_us), zip(*took))])
    out.say(f"{many_us / few_us:.2f} times as much.")
    if many == MANY:
        out.figure("growth", many_us / few_us)


def run(out, *arguments):
    if not arguments:
        for figure, (rows, interval_s, seconds, secure) in FIGURED.items():
            one(out, rows, interval_s, seconds, secure, figure)
        growth(out)
    elif arguments[0] == "growth":
        growth(out, *map(int, arguments[1:]))
    else:
        one(out, *map(int, arguments[:3]), "tls" in arguments)
