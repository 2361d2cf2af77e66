"""The commands of a person: test, status, check, mib, version."""

import json
import os
import subprocess

import fake
import mailbox
from emailmon import PROGRAM, Emailmon, failure, monitor, watching
from places import TREE, wait_for
from screen import Screen
from snmp import Master

SECRETS = ("secret-u1", "AHUxAHNlY3JldC11MQ", "c2VjcmV0LXUx")      # bare, in PLAIN's and in LOGIN's base64


def trials():
    """(row, exit code) of `emailmon test`."""
    return [
        (monitor("through", "u1", "smtp/starttls/plain", "imap/tls/login"), 0),
        (monitor("by pop", "u1", "smtp/tls/login", "pop3/tls/user"), 0),
        (monitor("in clear", "u1", "smtp/none/plain", "imap/none/user"), 0),
        (monitor("refused", "u1", detail="refused"), 2),
        (monitor("wrong", "u2", incoming="imap/tls/wrong", incoming__password="not it"), 2),
        (monitor("no name server", "u1"), 3),
    ]


def test_one_round_trip():
    """`emailmon test` ends with 0 when mail gets through, 2 when it does not and 3 when that cannot be known, leaves no
    probe, and its --trace shows the conversation with every secret masked"""
    mailbox.clear("u1")
    mailbox.put_foreign("u1")
    before = mailbox.snapshot("u1")
    with Master() as master:
        rows = [row for row, _ in trials()]
        program = Emailmon(rows, master)
        deaf_to_names = Emailmon(rows, master, dns="127.0.0.11:20009")
        for row, due in trials():
            chosen = deaf_to_names if due == 3 else program
            for trace in ([], ["--trace"]):
                code, printed, error = chosen.run("test", row["name"], *trace)
                said = printed + error
                assert code == due, f"test {row['name']} ends with {code}, not {due}: {said}"
                assert not any(secret in said for secret in SECRETS), f"test {row['name']} shows the password: {said}"
                if trace and due == 0:
                    assert "****" in said and "RCPT TO" in said, said
    assert mailbox.probes("u1") == 0, f"{mailbox.probes('u1')} probes are left"
    assert mailbox.snapshot("u1") == before, "foreign mails changed"


def test_lost_probe():
    """`emailmon test` waits a minute for a probe that the server loses, and then ends with 2"""
    mailbox.clear("u1")
    with Master() as master:
        code, printed, error = Emailmon([monitor("lost", "u1", detail="vanish")], master).run("test", "lost")
        assert code == 2 and "did not arrive" in printed, (code, printed, error)


test_lost_probe.only_full = True


def test_unknown_row():
    """`emailmon test` of a row that is not in the file, and a file with mistakes, are one line and an exit code"""
    with Master() as master:
        program = Emailmon([monitor("there", "u1")], master)
        code, printed, error = program.run("test", "not there")
        assert code not in (0, 2) and not printed and error.count("\n") == 1 and "not there" in error, (code, error)
        program.rows[0]["interval"] = 0
        program.rows.append(monitor("there", "u1", colour="blue"))
        program.write()
        code, printed, error = program.run("check")
        lines = (printed + error).splitlines()
        assert code == 1 and len([line for line in lines if line.startswith(program.file + ":")]) >= 3, (code, lines)
        code, printed, error = program.run("run")
        assert code == 1, (code, printed, error)


def test_status():
    """`emailmon status` shows every row for a person, and with --json the values that the table serves"""
    mailbox.clear("u1")
    rows = [monitor("good one", "u1", interval=2), monitor("bad one", "u2", detail="refused", interval=2)]
    with watching(rows) as program:
        program.wait_table(lambda table: table["good one"].get("Proof") == "roundTrip"
                           and table["bad one"]["OperStatus"] == "down", 15, "one row up and one down")
        program.wait_status(lambda rows: rows["good one"]["proof"] == "roundTrip", "the row that is up")
        program.wait_status(lambda rows: rows["bad one"]["verdict"] == "down", "the row that is down")
        code, printed, error = program.run("status")
        assert code == 0 and not error, (code, error)
        assert all(words in printed for words in ("good one", "bad one", "(550): 5.1.1")), printed
        assert "\033" not in printed, "colours in a pipe"
        code, printed, error = program.run("status", "bad one")
        assert code == 0 and "bad one" in printed and "good one" not in printed, printed
        served, shown = program.table()["bad one"], program.status()["bad one"]
        assert failure(served) == tuple(shown[key] for key in ("failure_leg", "failure_stage", "failure_cause")), shown
        assert served["FailureText"] == shown["failure_text"] and served["ServerReply"] == shown["server_reply"], shown
    assert program.status()["good one"]["verdict"] == "up", "no status while emailmon does not run"


def on_screen(program, *arguments, **terminal):
    """A command of the program in a terminal of its own."""
    return Screen([PROGRAM, arguments[0], "-c", program.file, *arguments[1:]], cwd=program.folder, **terminal)


def shown_at(program, *arguments, **terminal):
    """All that it prints on a terminal of so many lines."""
    with on_screen(program, *arguments, **terminal) as screen:
        assert screen.end() == 0, screen.text()
        return screen


def fake_rows(server, count):
    """So many monitors that are up, and behind them (by name and index) one that is down."""
    rows = [fake.monitor(f"row{n}", server.ports, interval=1) for n in range(count)]
    rows.append(fake.monitor("zulu", {**server.ports, "smtp": 1}, interval=1))
    return rows


def test_status_on_a_terminal():
    """On a terminal `emailmon status` has the worst first in lines that fit, in colours unless the terminal or NO_COLOR
    forbids them, and a monitor's page without any secret"""
    with fake.serving() as server, watching(fake_rows(server, 3)) as program:
        program.wait_status(lambda rows: rows["row2"]["proof"] == "roundTrip" and rows["zulu"]["verdict"] == "down",
                            "three rows up and one down")
        for columns in (60, 80, 100, 160):
            screen = shown_at(program, "status", columns=columns)
            lines = screen.text().splitlines()
            assert screen.colours and lines[0].startswith("MONITOR") and lines[1].startswith("zulu  "), screen.text()
            assert "smtp connect: the conn" in lines[1], screen.text()
        assert not shown_at(program, "status", NO_COLOR="1").colours, "colours in spite of NO_COLOR"
        assert "\x1b" not in shown_at(program, "status", TERM="dumb").raw, "codes for a terminal that knows none"
        page = shown_at(program, "status", "row0", lines=60).text()
        imap = f"IMAP: 127.0.0.1 port {server.ports['imap']}"
        for words in ("row0  up", "roundTrip", imap, "user row0", "probes accepted"):
            assert words in page, (words, page)
        assert "anything" not in page, page
        page = " ".join(shown_at(program, "status", "zulu", lines=60).text().split())
        assert "why smtp: connecting: the connection was refused" in page, page
        assert "Z down smtp connect: the connection was refused" in page, f"no event: {page}"
        page = shown_at(program, "status", "row0", LC_ALL="C", lines=60).raw
        assert page.isascii(), page


def test_watch():
    """`emailmon status --watch` keeps a page of a terminal's height up to date without clearing it, follows its size,
    gives the terminal back at Ctrl-C, and with a name or --json watches that"""
    with fake.serving() as server, watching(fake_rows(server, 40)) as program:
        program.wait_status(lambda rows: all(rows[f"row{n}"]["proof"] == "roundTrip" for n in range(40))
                            and rows["zulu"]["verdict"] == "down", "forty rows up and one down")
        with on_screen(program, "status", "--watch", lines=12, columns=90) as screen:
            first = screen.wait(lambda text: "more" in text and "41 monitors" in text, 5, "a page")
            assert "zulu" in first.splitlines()[1] and "… and 34 more" in first, first
            assert "1049" in screen.modes and "25" not in screen.modes, screen.modes
            screen.wait(lambda text: text != first and "zulu" in text, 5, "the next page")
            screen.resize(30, 60)
            screen.wait(lambda text: "… and 16 more" in text, 1, "a page of the new height at once")
            assert "\x1b[2J" not in screen.raw, "the screen is cleared"
            assert screen.interrupt() == 0 and screen.modes == {"25", "7"}, screen.modes
        with on_screen(program, "status", "zulu", "--watch", lines=40) as screen:
            polls = screen.wait(lambda text: "zulu  down" in text, 5, "the page of zulu")
            screen.wait(lambda text: "zulu  down" in text and text != polls, 5, "its next page")
            assert screen.interrupt() == 0
        check_watched_json(program)


def check_watched_json(program):
    command = [PROGRAM, "status", "-c", program.file, "row1", "--watch", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=program.folder) as watching_it:
        documents = [json.loads(watching_it.stdout.readline()) for _ in range(2)]
        watching_it.terminate()
    assert [d["schema"] for d in documents] == [1, 1], documents
    polls = [d["monitors"][0]["polls"] for d in documents]
    assert polls[1] > polls[0] and documents[0]["monitors"][0]["name"] == "row1", documents


def test_progress():
    """`emailmon test` on a terminal says while it waits for what, and how long already; in a pipe it does not"""
    with Master() as master, fake.serving() as server:
        program = Emailmon([fake.monitor("slow", server.ports)], master)
        server.misbehave("delay", 1400)
        server.misbehave("in-use", 1)
        with on_screen(program, "test", "slow", lines=50) as screen:
            screen.wait(lambda text: "waiting for the greeting" in text and text.endswith(" 1 s"), 5, "its seconds")
            screen.wait(lambda text: "waiting for the mailbox, which is in use: " in text, 30, "that it waits")
            assert screen.end(60) == 0, screen.text()
            text = screen.text()
            assert "up: the probe was there" in text and "waiting for the mailbox" not in text, text
        server.misbehave("delay", 0)
        server.misbehave("in-use", 1)
        code, printed, error = program.run("test", "slow")
        assert code == 0 and not error and "\r" not in printed and "waiting for the mailbox" not in printed, printed


def test_mib_and_version():
    """`emailmon mib` prints the module, `emailmon version` a version, and a wrong command fails in a line"""
    def say(*arguments):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=10)
        return done.returncode, done.stdout, done.stderr
    code, printed, _ = say("mib")
    with open(os.path.join(TREE, "mib", "EMAIL-MONITOR-MIB.txt"), encoding="utf-8") as module:
        assert code == 0 and printed == module.read(), "not the module of the tree"
    code, printed, _ = say("version")
    assert code == 0 and any(letter.isdigit() for letter in printed), printed
    code, _, error = say("no-such-command")
    assert code != 0 and error, (code, error)


def test_reload():
    """SIGHUP touches only the rows that changed, and a file with a mistake leaves the running rows as they are"""
    mailbox.clear("u1")
    mailbox.clear("u2")
    with watching([monitor("stays", "u1", interval=2), monitor("goes", "u2", interval=2)]) as program:
        program.wait_rows(lambda row: row["Proof"] == "roundTrip", 15, "both rows up")
        polls = int(program.table()["stays"]["Polls"])
        program.rows[1] = monitor("comes", "u2", interval=2)
        program.reload()
        seen = wait_for(lambda: "comes" in program.table() and program.table(), 5, "the new row")
        assert set(seen) == {"stays", "comes"} and int(seen["stays"]["Polls"]) >= polls, seen
        assert seen["stays"]["Proof"] == "roundTrip", seen
        program.rows[0]["interval"] = -1
        program.reload()
        wait_for(lambda: "emailmon.yaml:" in program.master.walk("EMAIL-MONITOR-MIB::emailMonConfigError"), 5,
                 "the mistake in emailMonConfigError")
        assert set(program.table()) == {"stays", "comes"}
