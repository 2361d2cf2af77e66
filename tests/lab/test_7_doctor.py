"""`emailmon doctor`: each mistake of the first hour is made, and it names that one, with its mend, and no other."""

import os
import pwd
import re
import subprocess

import mailbox
import snmp
import users
from emailmon import PROGRAM, Emailmon, monitor
from faked_time import WallClock
from listeners import CLOSED
from places import in_root
from snmp import Master
from test_9_privilege import check_reachable

USER = pwd.getpwnam("nobody")
LINE = re.compile(r"^(ok|-|warning|wrong) +(\S+)?  +(.*)$")
CHECKS = ["file", "passwords", "state", "snmpd", "view", "notifications",
          "names", "ports", "certificates", "logins", "mailbox", "clock"]
ROW = {"user": "u1", "smtp": "smtp/starttls/plain", "incoming": "imap/tls/plain", "interval": 60}
HOUR_S = 3690           # and a bit: spans are rounded down
HIDING = "view narrow included .1.3.6.1.2.1\nrocommunity public default -V narrow\n"


class Patient(Emailmon):
    """An emailmon of a user who is not root, and who alone may read its file and write its state."""

    def __init__(self, master, environment=None, **row):
        check_reachable(PROGRAM)
        super().__init__([monitor("office", **{**ROW, **row})], master)
        self.doctors_environment = {**os.environ, **(environment or {})}
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)
        os.chown(self.state, USER.pw_uid, USER.pw_gid)
        self.settings["state"] = os.path.join(self.state, "state.db")
        self.command = ["setpriv", f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups", *self.command]
        self.write()
        mailbox.clear("u1")
        mailbox.clear("u2")

    def write(self):
        super().write()
        os.chown(self.file, 0, USER.pw_gid)
        os.chmod(self.file, 0o640)

    def serves(self):
        """Through snmpd, whatever its communities see; what cannot reach snmpd has at least its state."""
        asked = snmp.ask("snmpget", self.master.address, snmp.V3, "-OqvU", "-r0", "-t1",
                         ["EMAIL-MONITOR-MIB::emailMonRows.0"], check=False).stdout.strip()
        return asked == "1"

    def doctor(self, *options, address=""):
        """What it says: Findings.  `address` of snmpd: its own; None: doctor is to find out."""
        where = [] if address is None else ["--snmpd", address or self.master.address]
        done = subprocess.run(
            [PROGRAM, "doctor", "-c", self.file, "--as", USER.pw_name, *where, "--snmpd-conf", in_root(self.master.conf),
             *options], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=self.folder, timeout=150,
            check=False, env=self.doctors_environment)
        return Findings(done)


class Findings:
    """What doctor said: `marks` {check: its worst mark}, `lines` {check: all that was said, mends too}."""

    def __init__(self, done):
        self.code, self.text = done.returncode, done.stdout + done.stderr
        self.marks, self.lines = {}, {}
        check = None
        for line in done.stdout.splitlines():
            found = LINE.match(line)
            if found:
                check = found.group(2) or check
                self.marks[check] = max(self.marks.get(check, "ok"), found.group(1), key=order)
            if check and (found or line.startswith(" ")):
                self.lines[check] = self.lines.get(check, "") + line + "\n"
        assert not any(secret in self.text for secret in users.passwords().values() if secret.startswith("secret")), \
            f"a password is shown: {self.text}"

    def must_be_well(self):
        assert self.code == 0 and self.marks == dict.fromkeys(CHECKS, "ok"), self.text
        assert "All is well" in self.text, self.text

    def must_name(self, check, *words, unclear=()):
        """It is wrong, is said so with these words, and nothing else is complained about."""
        due = {**dict.fromkeys(CHECKS, "ok"), **dict.fromkeys(unclear, "-"), check: "wrong"}
        assert self.code == 1 and self.marks == due, self.text
        assert "mend: " in self.lines[check], self.text
        for word in words:
            assert word in self.lines[check], f"{check} does not say {word}: {self.text}"


def order(mark):
    return ["ok", "-", "warning", "wrong"].index(mark)


# --- when nothing is wrong ---

def test_a_healthy_one():
    """Doctor complains of nothing where nothing is wrong, before emailmon runs and while it does, and says what comes
    next"""
    with Master() as master:
        patient = Patient(master)
        before = patient.doctor()
        assert before.code == 0 and {check for check, mark in before.marks.items() if mark != "ok"} == {"view"}, \
            before.text
        assert "systemctl enable --now emailmon" in before.text, before.text
        with patient:
            found = patient.doctor()
            found.must_be_well()
            assert "with 1 row is seen" in found.lines["view"] and "emailmon status -c" in found.text, found.text
            patient.doctor("office").must_be_well()
            assert mailbox.probes("u1") <= 1, "doctor's probes are left"
            assert "warning" not in patient.log_tail(), patient.log_tail()


def test_as_a_console_asks():
    """Doctor asks by the community that it is given, or as the user of SNMPv3 whose passphrases snmp.conf has, and shows
    neither"""
    with Master(more="rocommunity hush-hush\n") as master:
        patient = Patient(master)
        folder = os.path.join(patient.folder, "snmp")
        os.mkdir(folder)
        with open(os.path.join(folder, "snmp.conf"), "w", encoding="ascii") as conf:
            conf.write("defSecurityLevel authPriv\ndefAuthType SHA-256\ndefPrivType AES\n"
                       f"defAuthPassphrase {snmp.AUTH_PASSWORD}\ndefPrivPassphrase {snmp.PRIVACY_PASSWORD}\n")
        patient.doctors_environment["SNMPCONFPATH"] = folder
        with patient:
            for asking in (["--community", "hush-hush"], ["--user", snmp.USER]):
                found = patient.doctor(*asking)
                found.must_be_well()
                assert not any(word in found.text for word in ("hush", snmp.AUTH_PASSWORD, snmp.PRIVACY_PASSWORD)), \
                    found.text
            found = patient.doctor("--community", "nobody-knows-it")
            assert found.code == 0 and found.marks["view"] == "warning", found.text
            found = patient.doctor("--community", snmp.COMMUNITY, "--snmpd-conf", "/dev/null")
            found.must_be_well()
            assert "SNMP-TARGET-MIB" in found.lines["notifications"], found.text


def test_where_snmpd_listens():
    """Doctor asks snmpd where its file says that it listens, and says when no other machine can;
    a community that is for others is not held against it"""
    with Master() as master, Patient(master) as patient:
        for source, mark, said in (("", "ok", "answers this machine alone (agentAddress)"),
                                   ("192.0.2.7", "-", "is for 192.0.2.7 alone")):
            conf = os.path.join(patient.folder, "other.conf")
            community = "public" if mark == "ok" else "of-another"
            with open(conf, "w", encoding="ascii") as file:
                file.write(f"agentaddress udp:{master.address},[::1]:161\nrocommunity {community} {source}\n"
                           "trap2sink console.test\n")
            found = patient.doctor("--snmpd-conf", conf, address=None)
            assert found.code == 0 and found.marks["view"] == mark and said in found.lines["view"], found.text


def test_many_monitors():
    """Doctor tries one monitor of each pair of servers, and says so"""
    with Master() as master:
        patient = Patient(master)
        for n in range(2, 5):
            patient.rows.append(monitor(f"office {n}", **{**ROW, "user": f"u{n}"}))
        patient.rows.append(monitor("branch", "u5", "smtp/none/noauth", "pop3/none/scram-sha-256", interval=60))
        patient.write()
        found = patient.doctor()
        assert found.code == 0 and found.marks["mailbox"] == "ok", found.text
        assert "The 5 monitors that are on use 2 pairs of servers; one monitor of each is tried." in found.text, found.text
        assert "2 of 2 probes were there" in found.lines["mailbox"], found.text
        found = patient.doctor("branch")
        assert "pairs of servers" not in found.text and "imap." not in found.lines["ports"], found.text


# --- the twelve mistakes ---

def test_snmpd_without_agentx():
    """Doctor names an snmpd that is no AgentX master"""
    with Master(without=("master",)) as master:
        Patient(master).doctor().must_name("snmpd", "there is no AgentX socket", "`master agentx`", "restart snmpd",
                                           unclear=("view",))


def test_socket_that_is_closed():
    """Doctor names an AgentX socket that emailmon's user may not use, and the agentXPerms that open it"""
    with Master(more="agentXPerms 0600 0755\n") as master:
        patient = Patient(master)
        patient.serves = lambda: "no AgentX master" in patient.log_tail()
        with patient:
            patient.doctor().must_name("snmpd", "may not use the socket (root:root, mode ",
                                       "`agentXPerms 0660 0711 Debian-snmp nogroup`", unclear=("view",))


def test_folder_that_is_closed():
    """Doctor names a closed folder of the AgentX socket, which no agentXPerms opens once it is there"""
    with Master() as master:
        folder = in_root(master.folder)
        os.chmod(folder, 0o700)
        patient = Patient(master)
        patient.serves = lambda: "no AgentX master" in patient.log_tail()
        with patient:
            patient.doctor().must_name("snmpd", f"may not use {folder} (root:root, mode 0700)", f"chmod o+x {folder}",
                                       unclear=("view",))


def test_view_that_hides():
    """Doctor names a view that hides the table, by its name, before emailmon runs and while it does"""
    mend = "`view narrow included .1.3.6.1.4.1.8072.9999.9999.2525`"
    with Master(without=("rwcommunity",), more=HIDING) as master:
        patient = Patient(master)
        patient.doctor().must_name("view", "the view narrow of", "hides", mend)
        with patient:
            patient.doctor().must_name("view", "does not show", mend)


def test_no_trap_sink():
    """Doctor names an snmpd that sends notifications nowhere, unless no monitor asks for any"""
    with Master(without=("trap2sink",)) as master, Patient(master) as patient:
        patient.doctor().must_name("notifications", "nowhere", "`trap2sink CONSOLE public`")
        patient.rows[0]["notify"] = []
        patient.write()
        patient.doctor().must_be_well()


def test_port_that_is_closed():
    """Doctor names a mail server's port that is closed"""
    host, port = CLOSED
    with Master() as master, Patient(master, incoming__server=host, incoming__port=port) as patient:
        patient.doctor().must_name("ports", "refused", f"{host} port {port}", "under `incoming:` of monitor office",
                                   unclear=("mailbox", "clock"))


def test_certificate_that_nobody_trusts():
    """Doctor names a certificate of an authority that is not trusted"""
    with Master() as master, Patient(master, incoming="imap/tls/all/untrusted") as patient:
        patient.doctor().must_name("certificates", "not trusted", "ca_file", unclear=("mailbox", "clock"))


def test_certificate_for_another_name():
    """Doctor names a certificate that is for another name, and that name"""
    with Master() as master, Patient(master, smtp="smtp/tls/noauth/wrongname") as patient:
        patient.doctor().must_name("certificates", "another name", "other.example", "tls_name", "under `smtp:`",
                                   unclear=("mailbox", "clock"))


def test_certificate_that_has_expired():
    """Doctor names a certificate that has expired, for which there is nothing to write"""
    with Master() as master, Patient(master, incoming="imap/starttls/all/expired") as patient:
        patient.doctor().must_name("certificates", "expired", "renew", unclear=("mailbox", "clock"))


def test_login_in_clear():
    """Doctor names a login that would send the password in clear, whether it is emailmon that refuses or the server"""
    for door, allowed, why in (("imap/none/plain", False, "a password is not sent in clear"),
                               ("imap/none/plain/secretive", True, "the server offers no login")):
        with Master() as master, Patient(master, incoming=door, incoming__plaintext_auth=allowed) as patient:
            patient.doctor().must_name("logins", why, "`security: starttls`", unclear=("mailbox", "clock"))


def test_wrong_mailbox():
    """Doctor names a mailbox that the probe does not come to, and both names of it"""
    other = users.passwords()["u2"]
    with Master() as master, Patient(master, incoming__username="u2", incoming__password=other) as patient:
        patient.doctor().must_name("mailbox", "did not arrive", users.address("u1"), "u2 at imap.lab.test",
                                   unclear=("clock",))
    mailbox.clear("u1")


def test_clock_that_is_off():
    """Doctor names a clock that is an hour ahead of the mail server's, or behind it"""
    clock = WallClock()
    in_clear = {"smtp": "smtp/none/noauth", "incoming": "imap/none/scram-sha-256"}    # certificates have times, too
    with Master() as master, Patient(master, environment=clock.environment, **in_clear) as patient:
        for offset_s, word in ((HOUR_S, "ahead of"), (-HOUR_S, "behind")):
            clock.set(offset_s)
            patient.doctor().must_name("clock", word, "61 min", "timedatectl set-ntp true")


def test_state_that_cannot_be_written():
    """Doctor names a state whose folder emailmon's user cannot write, or that root has left there"""
    with Master() as master:
        patient = Patient(master)
        os.chown(patient.state, 0, 0)
        os.chmod(patient.state, 0o755)
        patient.doctor().must_name("state", "the user nobody cannot write into its folder (root:root, mode 0755)",
                                   f"chown nobody:nogroup {patient.state}", unclear=("view",))
        with open(os.path.join(patient.state, "state.db"), "wb"):
            pass
        os.chown(patient.state, USER.pw_uid, USER.pw_gid)
        patient.doctor().must_name("state", "cannot write it (root:root", "state.db*", unclear=("view",))


def test_file_that_all_may_read():
    """Doctor names a file with passwords that all users may read, and a password file"""
    with Master() as master, Patient(master) as patient:
        os.chmod(patient.file, 0o644)
        patient.doctor().must_name("passwords", "others may read it", f"chown root:nogroup {patient.file}")
        secret = os.path.join(patient.folder, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write(patient.rows[0]["incoming"].pop("password"))
        patient.rows[0]["incoming"]["password_file"] = secret
        patient.write()
        os.chmod(secret, 0o644)
        patient.doctor().must_name("passwords", f"password_file {secret}", "others may read it")
        os.chmod(secret, 0o600)
        patient.doctor().must_name("passwords", "the user nobody may not read it", f"chmod 640 {secret}",
                                   unclear=("mailbox", "clock"))
        os.unlink(secret)
        patient.doctor().must_name("passwords", f"{secret}: No such file or directory", "mend: write it",
                                   unclear=("mailbox", "clock"))
        patient.rows[0]["incoming"]["password_file"] = "/run/credentials/emailmon.service/probe"
        patient.write()
        found = patient.doctor()
        assert found.code == 0 and found.marks["passwords"] == "-", found.text


def test_file_with_mistakes():
    """Doctor tells every mistake of the file, and goes no further"""
    with Master() as master:
        patient = Patient(master)
        patient.rows[0]["interval"] = 0
        patient.rows[0]["colour"] = "blue"
        patient.write()
        found = patient.doctor()
        assert found.code == 1 and found.marks == {"file": "wrong"}, found.text
        assert found.lines["file"].count("emailmon.yaml:") == 2 and "mend: " in found.lines["file"], found.text
