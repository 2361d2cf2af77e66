"""emailmon ended, killed or told something else in each stage of a poll: no unearned verdict, and nothing is lost."""

import contextlib
import time

import fake
from client import DISABLED
from gate import ANSWERED, SAID, Gate
from history import History
from local_faults import wait_recovered
from places import LabError, wait_for
from program import check_none_is_down, watching

SIDE_BY_SIDE = True

# (protocol, what is held there); each is a gate of its own.
STAGES = {
    "smtp: the greeting": ("smtp", ANSWERED, b""),
    "smtp: EHLO": ("smtp", ANSWERED, b"EHLO"),
    "smtp: AUTH": ("smtp", ANSWERED, b"AUTH"),
    "smtp: MAIL": ("smtp", ANSWERED, b"MAIL"),
    "smtp: RCPT": ("smtp", ANSWERED, b"RCPT"),
    "smtp: DATA": ("smtp", ANSWERED, b"DATA"),
    "smtp: the message": ("smtp", SAID, b"Message-ID"),
    "smtp: the final dot": ("smtp", SAID, b".\r\n"),
    "smtp: the answer to the dot": ("smtp", ANSWERED, b".\r\n"),
    "smtp: QUIT": ("smtp", ANSWERED, b"QUIT"),
    "imap: the greeting": ("imap", ANSWERED, b""),
    "imap: AUTHENTICATE": ("imap", ANSWERED, b"AUTHENTICATE"),
    "imap: SELECT": ("imap", ANSWERED, b"SELECT"),
    "imap: the deletion": ("imap", SAID, b"UID STORE"),
    "imap: the answer to the deletion": ("imap", ANSWERED, b"UID STORE"),
    "pop3: the greeting": ("pop3", ANSWERED, b""),
    "pop3: CAPA": ("pop3", ANSWERED, b"CAPA"),
    "pop3: PASS": ("pop3", ANSWERED, b"PASS"),
    "pop3: STAT": ("pop3", ANSWERED, b"STAT"),
    "pop3: TOP": ("pop3", ANSWERED, b"TOP"),
    "pop3: the deletion": ("pop3", SAID, b"DELE"),
    "pop3: QUIT": ("pop3", SAID, b"QUIT"),
    "pop3: the answer to QUIT": ("pop3", ANSWERED, b"QUIT"),
}
TLS = {
    "smtp: the handshake": ("smtp", ANSWERED, b"\x16"),
    "imap: the handshake": ("imap", ANSWERED, b"\x16"),
}
AFTER_THE_DOT = ("smtp: the message", "smtp: the final dot", "smtp: the answer to the dot")     # for the client
END_S, DOT_S, AT_ONCE_S = 3, 2.5, 1


class Play:
    """A row for each stage (and each of `kinds`), before a gate that can hold it there."""

    def __init__(self, stack, stages, kinds=("row",)):
        self.stages, self.kinds = stages, kinds
        self.plain, self.tls = (stack.enter_context(fake.serving()) for _ in range(2))
        self.plain.misbehave("bare")          # so that each command of SMTP is a stage
        self.tls.misbehave("tls")
        self.gates = {}
        for stage, (protocol, _, _) in stages.items():
            self.gates[stage] = Gate(self.server(stage).ports[protocol])
            stack.callback(self.gates[stage].close)
        self.rows = [self.row(f"{kind} {n}", stage) for n, stage in enumerate(stages) for kind in kinds]

    def server(self, stage):
        return self.tls if stage in TLS else self.plain

    def row(self, name, stage):
        protocol = self.stages[stage][0]
        name = name.replace(" ", "-")
        row = fake.monitor(name, self.server(stage).ports, "imap" if protocol == "smtp" else protocol, interval=1)
        row["description"] = stage
        row["smtp" if protocol == "smtp" else "incoming"]["port"] = self.gates[stage].port
        row["smtp"].update(auth=True, username=name, password="anything", plaintext_auth=True)
        return fake.secured([row], tls_verify=False)[0] if stage in TLS else row

    def mails(self):
        return self.plain.mails() | self.tls.mails()

    def hold(self, stages):
        """Until every row is held in its stage (those alone)."""
        for stage in stages:
            self.gates[stage].hold(*self.stages[stage][1:])
        wanted = len(self.kinds)

        def all_held():
            return [stage for stage in stages if self.gates[stage].held < wanted] == []
        with contextlib.suppress(LabError):
            wait_for(all_held, 10, "all held")
        free = {stage: self.gates[stage].held for stage in stages if self.gates[stage].held < wanted}
        assert not free, f"not held: {free}"

    def open(self):
        for gate in self.gates.values():
            gate.open()


def check_goes_on(program, play, left, when):
    """Every row is up by a round trip, none was down, and no probe of before stays."""
    program.wait_polls(program.names(), 3, 20)
    wait_recovered(program, program.names(), 10)
    check_none_is_down(program, program.names(), when)
    stays = left & play.mails()
    assert not stays, f"{when}: {len(stays)} probes stay in their mailboxes: {sorted(stays)[:5]}"
    assert not History().read(program), f"{when}: events, though no server failed"


def end(program, polls_s):
    """End it as an administrator does; how long that took, of which its polls may take so much."""
    began = time.monotonic()
    program.process.terminate()
    wait_for(lambda: "worker" not in program.threads(), polls_s, "the end of all polls")
    program.stop(timeout_s=END_S - (time.monotonic() - began))
    return time.monotonic() - began


def test_ended_in_each_stage():
    """SIGTERM in each stage of a poll ends all polls within a second, and those whose server owes the answer to the
    final dot soon after two; emailmon ends in order within three; afterwards no row is down, and no probe stays"""
    stages = {**STAGES, **TLS}
    with contextlib.ExitStack() as stack:
        play = Play(stack, stages)
        program = stack.enter_context(watching(play.rows))
        for held, polls_s in ([s for s in stages if s not in AFTER_THE_DOT], AT_ONCE_S), (list(stages), DOT_S):
            wait_recovered(program, program.names(), 15)
            play.hold(held)
            took_s = end(program, polls_s)
            left = play.mails()
            play.open()
            program.start()
            check_goes_on(program, play, left, "after the end")
            print(f"    it ended within {took_s:.2f} s")


def check_found_once(program, play):
    """No mail is evidence twice: no more were found than were taken.  How many were seen again, as no evidence."""
    rows = program.status("Delivered", "Duplicates", "Strays")
    found, again = sum(row[0] for row in rows.values()), sum(row[1] + row[2] for row in rows.values())
    taken = sum(server.counted("mails taken") for server in (play.plain, play.tls))
    assert found <= taken, f"{found} found of {taken} mails"
    return again


def test_killed_in_each_stage():
    """SIGKILL in each stage of sending and looking, before and after the mail is taken, and before and after its
    deletion: no row is down, then or later, no probe stays, and none is found twice"""
    stages = {**STAGES, **TLS}
    with contextlib.ExitStack() as stack:
        play = Play(stack, stages)
        program = stack.enter_context(watching(play.rows))
        again = 0
        for _ in range(2):                    # what was made of the first kill is there at the second
            wait_recovered(program, program.names(), 15)
            play.hold(stages)
            program.kill()
            left = play.mails()
            play.open()
            program.start()
            check_goes_on(program, play, left, "after the kill")
            again = check_found_once(program, play)
        print(f"    {again} mails were seen again")


CHANGED, OFF, GONE = KINDS = ("changed", "off", "gone")


def check_given_up(program, play, before):
    """No probe is sent any more, and no poll has ended with a verdict; a look under way may go on by itself."""
    def sending():
        return {stage: gate.left for stage, gate in play.gates.items()
                if stage.startswith("smtp") and gate.left < len(KINDS)}
    with contextlib.suppress(LabError):
        wait_for(lambda: not sending(), 5, "all closed")
    assert not sending(), f"so many of {len(KINDS)} have been closed: {sending()}"
    names = program.names()
    assert not [name for name in names.values() if name.startswith(GONE)], "rows are left"
    off = [index for index, name in names.items() if name.startswith(OFF)]
    wait_for(lambda: all(program.status("OperStatus")[index] == [DISABLED] for index in off), 5, "rows to be off")
    after = program.status("Polls", "PollsFailed")
    judged = [names[index] for index in off if after[index] != before[index]]
    judged += [name for index, name in names.items() if after[index][1] != before[index][1]]
    assert not judged, f"judged in spite of the change: {judged}"


def change(play):
    """The rows of the file, each changed as its kind is."""
    rows = [row for row in play.rows if not row["name"].startswith(GONE)]
    for row in rows:
        if row["name"].startswith(CHANGED):
            row["smtp"]["from"] = "other@lab.test"        # another path
        else:
            row["enabled"] = False
    return rows


def test_changed_in_each_stage():
    """A row that is changed, turned off or removed by a reload in any stage of its poll has that poll given up, without
    a verdict; afterwards it is up again, or off, or gone with its probes"""
    stages = {stage: how for stage, how in {**STAGES, **TLS}.items() if stage != "smtp: QUIT"}    # its poll is over
    with contextlib.ExitStack() as stack:
        play = Play(stack, stages, KINDS)
        program = stack.enter_context(watching(play.rows))
        wait_recovered(program, program.names(), 15)
        play.hold(stages)
        before = program.status("Polls", "PollsFailed")
        program.rows = change(play)
        program.reload()
        check_given_up(program, play, before)
        play.open()
        changed = [index for index, name in program.names().items() if name.startswith(CHANGED)]
        wait_recovered(program, changed, 15)
        check_none_is_down(program, changed, "after the reload")
        for row in program.rows:
            row["enabled"] = True
        program.reload()
        wait_recovered(program, program.names(), 15)
        check_none_is_down(program, program.names(), "when on again")
        wait_for(lambda: not [mail for mail in play.mails() if mail[0].startswith(GONE)], 10,
                 "the probes of removed rows to go")
        assert not History().read(program), "events, though no server failed"
