"""Passwords stand where they must be kept, once each, and nowhere else: in no freed memory, buffer, stack or log."""

import contextlib
import os
import re
import signal
import subprocess

import mailbox
import memory
import users
from emailmon import PROGRAM, Emailmon, monitor, verdict
from places import LabError, wait_for, write
from snmp import Master
from test_9_privilege import USER, check_reachable

MASTER = 51
ROW = 7                       # of the one made by SET
FAST_S, SLOW_S = 2, 3600
MIB = "EMAIL-MONITOR-MIB::emailMon"

# user: where its password comes from, and the doors that it is shown to
SOURCES = {
    "u1": ("password", "smtp/tls/plain", "imap/tls/plain"),
    "u2": ("password", "smtp/none/login", "pop3/none/user"),
    "u3": ("password_file", "smtp/starttls/cram-md5", "imap/none/user"),
    "u4": ("password_command", "smtp/tls/scram-sha-256", "pop3/tls/login"),
    "u5": ("password", "smtp/none/plain", "imap/none/scram-sha-1"),
    "u6": ("SET", "smtp/starttls/login", "imap/starttls/login"),
    "u7": ("SET", "smtp/tls/scram-sha-1", "pop3/none/plain"),
}
REFUSED = "u8"                # its password is right nowhere
LENGTHS = {"u4": 100, "u7": 100}     # of passwords: Net-SNMP keeps longer values elsewhere than short ones


@contextlib.contextmanager
def known_to_servers(passwords):
    write("/etc/lab/users", users.passwd_file(passwords))
    try:
        yield
    finally:
        write("/etc/lab/users", users.passwd_file())


def row_of(user, password, folder):
    """A monitor of the file."""
    source, out, inside = SOURCES.get(user, ("password", "smtp/tls/wrong", "imap/tls/wrong"))
    row = monitor(user, user, out, inside, interval=FAST_S)
    path = os.path.join(folder, user)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as secret:
        secret.write(password + "\n")
    said = {"password": password, "password_file": path, "password_command": ["cat", path]}[source]
    for leg in (row["smtp"], row["incoming"]):
        leg.pop("password", None)
        leg[source] = said
    return row


def set_row(master, number, user, password):
    """The same by SET."""
    _, out, inside = SOURCES[user]
    row = monitor(user, user, out, inside)
    smtp, incoming = row["smtp"], row["incoming"]
    values = [("Name", "s", user), ("SmtpServer", "s", smtp["server"]), ("SmtpPort", "u", smtp["port"]),
              ("SmtpTo", "s", smtp["to"]), ("SmtpFrom", "s", smtp["from"]), ("SmtpAuth", "i", "true"),
              ("SmtpSecurity", "i", smtp["security"]), ("SmtpUsername", "s", user), ("SmtpPassword", "s", password),
              ("InType", "i", incoming["type"]), ("InServer", "s", incoming["server"]),
              ("InPort", "u", incoming["port"]), ("InSecurity", "i", incoming["security"]), ("InUsername", "s", user),
              ("InPassword", "s", password), ("InPlaintextAuth", "i", "true"), ("Interval", "u", FAST_S),
              ("RowStatus", "i", "createAndGo")]
    master.tool("snmpset", *(str(word) for name, kind, value in values
                             for word in (f"{MIB}{name}.{number}", kind, value)))


def polled(program, number):
    """The row has finished one more poll."""
    polls = f"{MIB}Polls.{number}"
    before = program.master.get(polls)
    program.master.tool("snmpset", f"{MIB}PollNow.{number}", "i", "poll")
    wait_for(lambda: program.master.get(polls) != before, 20, "another poll")


def at_rest(program):
    """No poll at work."""
    wait_for(lambda: program.master.get(MIB + "InFlight.0") == {MIB + "InFlight.0": "0"}, 20, "no poll in flight")


@contextlib.contextmanager
def watched():
    """(program, {user: password}, {user: index of a row by SET}): each row is up by a round trip, or refused; there
    are long intervals from now on."""
    passwords = {user: memory.random_password(LENGTHS.get(user, 32)) for user in [*SOURCES, REFUSED]}
    by_set = [user for user, source in SOURCES.items() if source[0] == "SET"]
    for user in passwords:
        mailbox.clear(user)
    with contextlib.ExitStack() as stack:
        stack.enter_context(known_to_servers({u: p for u, p in passwords.items() if u != REFUSED}))
        master = stack.enter_context(Master(MASTER))
        program = Emailmon([], master)
        program.rows = [row_of(user, p, program.folder) for user, p in passwords.items() if user not in by_set]
        program.write()
        stack.enter_context(program)
        made = {user: number for number, user in enumerate(by_set, ROW)}
        for user, number in made.items():
            set_row(master, number, user, passwords[user])
        program.wait_rows(lambda row: verdict(row) == ("up", "roundTrip") or row["FailureCause"] == "badCredentials",
                          30, "every row up, or refused")
        for row in program.rows:
            row["interval"] = SLOW_S
        program.reload()
        slow = str(SLOW_S)
        wait_for(lambda: list(master.column("emailMonInterval").values()).count(slow) == len(program.rows), 10,
                 "long intervals in the file")
        for number in made.values():
            master.tool("snmpset", f"{MIB}Interval.{number}", "u", slow)
        wait_for(lambda: set(master.column("emailMonInterval").values()) == {slow}, 10, "long intervals")
        yield program, passwords, made


def excess(program, passwords, allowed):
    """{user: [copies]} of whom there are more than allowed."""
    found = memory.copies(program.process.pid, passwords.values())
    return {user: sorted(map(str, found[password])) for user, password in passwords.items()
            if len(found[password]) > allowed}


def check_copies(program, passwords, most, timeout_s=5):
    """None stands more often; asked again for a while, because a session lives until its QUIT is answered, and a row
    that is gone has a last look."""
    at_rest(program)
    try:
        wait_for(lambda: not excess(program, passwords, most), timeout_s, f"at most {most} of each password in memory")
    except LabError as error:
        raise LabError(f"{error}: {excess(program, passwords, most)}") from None


def test_one_copy_in_memory():
    """After polls by every kind of login, a reload, SETs and a restart, each password stands once in memory, in its
    definition; of a row that is gone it stands nowhere"""
    with watched() as (program, passwords, made):
        check_copies(program, passwords, 1)
        program.stop()
        program.start(wait=False)
        wait_for(lambda: len(program.master.column("emailMonName")) == len(passwords), 10, "all rows after a restart")
        for number, name in program.master.column("emailMonName").items():
            polled(program, number)
            check_copies(program, {name: passwords[name]}, 1)
        program.rows = [monitor("last", "u9", interval=SLOW_S)]
        program.reload()
        wait_for(lambda: set(program.master.column("emailMonName").values()) == {"last", *made}, 10,
                 "the rows of the file to be gone")
        for number in made.values():
            program.master.tool("snmpset", f"{MIB}RowStatus.{number}", "i", "destroy")
        check_copies(program, passwords, 0, 15)


def test_passwords_are_not_shown():
    """No password, and no base64 of it, is in the log, the state, a walk, a trap, `status`, `export`, `report`, or the trace
    of `test`, nor in what is said of a refused one"""
    with watched() as (program, passwords, made):
        program.master.tool("snmpset", f"{MIB}AdminStatus.{min(made.values())}", "i", "disabled")
        program.process.send_signal(signal.SIGHUP)
        seen = {"a walk": program.master.walk(), "traps": str(program.master.traps())}
        for command in (["status"], ["status", "--json"], ["export"], ["report", "-o", "-"],
                        *(["test", user, "--trace"] for user in ("u1", "u2", "u4", "u5", REFUSED))):
            _, said, error = program.run(*command)
            assert said, f"{command} says nothing: {error}"
            seen[" ".join(command)] = said + error
        program.stop()
        seen = {what: text.encode() for what, text in seen.items()}
        for file in ["log", *(name for name in os.listdir(program.folder) if name.startswith("state.db"))]:
            with open(os.path.join(program.folder, file), "rb") as held:
                seen[file] = held.read()
        assert {"state.db", "log"} <= set(seen)
        told = {what: memory.shown(data, passwords.values()) for what, data in seen.items()}
        assert not any(told.values()), {what: len(found) for what, found in told.items() if found}


def limits_of(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        return limits.read()


def test_no_core_files():
    """Every command that reads the file leaves no core file, and no other process of its user may look into it"""
    needs = {"test": ["one"], "report": ["-o", "-"]}
    with Master(MASTER) as master:
        program = Emailmon([monitor("one")], master)
        check_reachable(PROGRAM)
        os.unlink(program.file)
        os.mkfifo(program.file, 0o644)                # it waits in there, with all that it could forbid forbidden
        for command in ("run", "check", "test", "status", "export", "report"):
            started = subprocess.Popen(["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                                        "--pdeathsig", "KILL", PROGRAM, command, "-c", program.file,
                                        *needs.get(command, [])],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for(lambda: re.search(r"^Max core file size +0 +0 ", limits_of(started.pid), re.MULTILINE)
                         and os.stat(f"/proc/{started.pid}/status").st_uid == 0, 5, f"`{command}` without core files")
            finally:
                started.kill()
                started.wait()
