"""The commands of a person: test, status, check, mib, version."""

import os
import subprocess

import mailbox
from emailmon import PROGRAM, Emailmon, failure, monitor, watching
from places import TREE, wait_for
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
