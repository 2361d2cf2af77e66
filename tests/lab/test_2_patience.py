"""What is nobody's fault, or emailmon's own, makes no row down; and what is true of one row harms no other."""

import signal
import subprocess
import time

import mailbox
import names
import processes
from emailmon import PROGRAM, Emailmon, failure, monitor, summary, verdict, watching
from listeners import PLAIN_IP
from places import wait_for
from snmp import Master

NO_NAME_SERVER = f"{PLAIN_IP}:20009"        # nobody is there


def test_own_faults_are_unknown():
    """A dead name server and a password that cannot be read make rows unknown, with the leg local, and never down"""
    mailbox.clear("u1")
    rows = [monitor("no name server", "u1", interval=1, smtp__timeout=1, incoming__timeout=1),
            monitor("no password", "u1", interval=1, smtp__server=PLAIN_IP, incoming__server=PLAIN_IP)]
    del rows[1]["incoming"]["password"]
    rows[1]["incoming"]["password_file"] = "/nonexistent/secret"
    with watching(rows, dns=NO_NAME_SERVER) as program:
        seen = program.wait_rows(lambda row: row["OperStatus"] == "unknown" and int(row["Polls"]) >= 4, 40,
                                 "both rows unknown after four polls")
        assert failure(seen["no name server"]) == ("local", "local", "nameServer"), seen["no name server"]
        assert failure(seen["no password"]) == ("local", "local", "secret"), seen["no password"]
        last = program.wait_table(lambda table: all(int(row["Polls"]) >= 8 for row in table.values()), 40, "more polls")
        assert {row["OperStatus"] for row in last.values()} == {"unknown"}, summary(last)
        assert not program.traps("emailMonDown")


def test_name_server_dies():
    """Rows that were up stay up while the name server is away: the last good addresses are used"""
    mailbox.clear("u1")
    mailbox.clear("u2")
    rows = [monitor("one", "u1", interval=1), monitor("two", "u2", incoming="pop3/tls/plain", interval=1)]
    with watching(rows, dns="%s:%d" % names.DNS) as program:
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip"), 15, "both rows up")
        processes.end(pid for pid, name in processes.ours().items() if name == names.COMMAND)
        try:
            polls = max(int(row["Polls"]) for row in program.table().values())
            program.wait_rows(lambda row: int(row["Polls"]) >= polls + 5, 40, "five more polls")
            last = program.table()
            assert {verdict(row) for row in last.values()} == {("up", "roundTrip")}, summary(last)
            assert {row["Transitions"] for row in last.values()} == {"0"}, summary(last)
        finally:
            names.start()


def test_wrong_password_harms_no_other_row():
    """One row's wrong password, for which the server answers every login late, makes no other row of it down"""
    rows = [monitor("wrong", "u1", incoming="imap/tls/all", incoming__password="not it", interval=3)]
    rows += [monitor(f"right {n}", f"u{n}", incoming=key, interval=3)
             for n, key in enumerate(("imap/tls/all", "pop3/tls/all", "imap/starttls/all"), 2)]
    for n in range(1, 5):
        mailbox.clear(f"u{n}")
    with watching(rows) as program:
        program.wait_table(lambda table: table["wrong"].get("OperStatus") == "down", 20, "the wrong one down")
        program.wait_rows(lambda row: int(row["Polls"]) >= 6, 60, "six polls of every row")
        last = program.table()
        assert failure(last["wrong"]) == ("incoming", "auth", "badCredentials"), last["wrong"]
        bad = {name: row for name, row in last.items()
               if name != "wrong" and (row["PollsFailed"] != "0" or verdict(row) != ("up", "roundTrip"))}
        assert not bad, summary(bad)


def test_certificate_warning():
    """An expired certificate that the row is told to trust leaves it up, and is told once, as emailMonCertExpiring"""
    mailbox.clear("u1")
    row = monitor("trusting", "u1", "smtp/tls/noauth/expired", "imap/tls/all/expired", interval=2,
                  smtp__tls_verify=False, incoming__tls_verify=False)
    with watching([row]) as program:
        seen = program.wait_rows(lambda row: int(row["Polls"]) >= 4 and verdict(row) == ("up", "roundTrip"), 20,
                                 "four polls of a row that is up")["trusting"]
        assert int(seen["SmtpCertDays"]) < 0 and int(seen["InCertDays"]) < 0, seen
        told = wait_for(lambda: program.traps("emailMonCertExpiring"), 5, "a trap emailMonCertExpiring")
        legs = [(trap["emailMonSmtpCertDays"], trap["emailMonInCertDays"]) for trap in told]
        assert len(told) == 2, f"told {len(told)} times for two legs: {legs}"
        carried = ["emailMon" + part for part in ("EventSeq", "Name", "Device", "SmtpCertDays", "InCertDays")]
        for trap in told:
            assert [name for name in trap if name.startswith("emailMon")] == carried, trap


def test_interrupted_trial():
    """Ctrl-C ends `emailmon test` while it waits for its probe, and a probe that has arrived is deleted then"""
    mailbox.clear("u1")
    with Master() as master:
        program = Emailmon([monitor("waits", "u1", detail="vanish"), monitor("goes", "u1")], master)
        with open(program.log, "w+", encoding="utf-8") as said:
            trial = subprocess.Popen([PROGRAM, "test", "-c", program.file, "waits"], stdin=subprocess.DEVNULL,
                                     stdout=said, stderr=said, cwd=program.folder)
            wait_for(lambda: said.seek(0) or "not there yet" in said.read(), 10, "a first look")
        trial.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert trial.wait(10) != 0, "an interrupted trial says that mail gets through"
        assert time.monotonic() - began < 5, "it went on waiting"
        assert program.run("test", "goes")[0] == 0
    assert mailbox.probes("u1") == 0
