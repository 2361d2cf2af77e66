"""Four workers: rows that edits move between them, mailboxes that they share, and rows that are gone."""

import random
import time

import fake
from client import UP
from history import History
from liar import NameServer
from places import wait_for
from program import check_none_is_down, watching

SIDE_BY_SIDE = True

WORKERS = 4
MOVERS, NAMES, LEAVERS = 40, 8, 4
ROUNDS, ROUNDS_FULL = 6, 60
SHARED = "shared"             # the one mailbox of many names
LOADED = "monitors in the file:"    # in the log


def rows_of(ports):
    """Rows that will move; one POP3 mailbox that eight names lead to; pairs in one mailbox, of which one goes."""
    rows = [fake.monitor(f"mover{n}", ports, ("imap", "pop3")[n % 2], interval=1) for n in range(MOVERS)]
    for n in range(NAMES):
        row = in_mailbox(fake.monitor(f"name{n}", ports, "pop3", interval=1), SHARED)
        row["incoming"]["server"] = f"name{n}.test"
        rows.append(row)
    for n in range(LEAVERS):
        rows += [in_mailbox(fake.monitor(f"{kind}{n}", ports, interval=1), f"pair{n}") for kind in ("stayer", "leaver")]
    return rows


def in_mailbox(row, user):
    row["smtp"]["to"], row["incoming"]["username"] = f"{user}@fake.test", user
    return row


def reload(program):
    loads = len(program.log_lines(LOADED))
    program.reload()
    wait_for(lambda: len(program.log_lines(LOADED)) > loads, 10, "the file to be loaded again")


def move(program, number):
    """Every mover gets another mailbox, which is another worker's for three of four."""
    for row in program.rows:
        if row["name"].startswith("mover"):
            in_mailbox(row, f"{row['name']}-{number}")
    reload(program)


def counters(program, indexes):
    rows = program.status("Polls", "Sent", "Delivered", "Transitions")
    return {i: rows[i] for i in indexes}


def check_follows(before, after, when):
    """What was shown less than 30 ms before a kill may be gone: not more than one poll."""
    back = [(before[i], after[i]) for i in before if any(a < b - 1 for b, a in zip(before[i], after[i]))]
    assert not back, f"{when}: counters of {len(back)} rows went back: {back[:3]}"
    turned = [i for i in before if before[i][3] != after[i][3]]
    assert not turned, f"{when}: {len(turned)} rows had an event"


def remove(program, kind, number):
    program.rows = [row for row in program.rows if row["name"] != f"{kind}{number}"]


def test_rows_move_between_workers(full):
    """With four workers rows whose mailbox an edit changes keep status and counters, killed or not; one mailbox of many
    names has one session at a time; and probes of rows that are gone are deleted, those of others never"""
    seed = time.time_ns() % 1000000
    chance = random.Random(seed)
    print(f"    seed {seed}")
    with fake.serving() as server, NameServer() as names:
        with watching(rows_of(server.ports), dns="%s:%d" % names.address, workers=WORKERS) as program:
            history, index = History(), {name: i for i, name in program.names().items()}
            steady = [i for name, i in index.items() if not name.startswith("leaver")]
            movers = [i for name, i in index.items() if name.startswith("mover")]
            assert sum(name.startswith("worker") for name in program.threads()) == WORKERS, program.threads()
            program.wait_polled(3, 30)
            for number in range(ROUNDS_FULL if full else ROUNDS):
                before = counters(program, movers)
                move(program, number)
                if chance.random() < 0.3:
                    move(program, f"{number}-again")         # on, before all of them have come
                if number < LEAVERS:
                    remove(program, "leaver", number)
                    if number % 2 == 0:
                        reload(program)
                if number % 2 == 1:
                    time.sleep(chance.uniform(0, 1))
                    program.kill()
                    program.write()                          # and one row more is gone
                    program.start()
                program.wait_polls(steady, 2, 20)
                check_follows(before, counters(program, movers), f"round {number}")
                check_none_is_down(program, steady, f"round {number}")
                history.read(program)
            rows = program.status("OperStatus", "Delivered")
            assert all(rows[i][0] == UP and rows[i][1] > 0 for i in steady), {i: rows[i] for i in steady}
            assert not history.known, f"events: {list(history.known.items())[:3]}"
            assert server.counted("overlaps") == 0, "two sessions in one mailbox"
            wait_for(lambda: all(sum(mail[0] == f"pair{n}" for mail in server.mails()) <= 1 for n in range(LEAVERS)), 15,
                     "the probes of rows that are gone to be deleted")
