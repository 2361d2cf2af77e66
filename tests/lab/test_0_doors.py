"""The lab by itself: each door behaves as its row says, by clients that are not ours (swaks, curl, openssl)."""

import base64
import concurrent.futures
import imaplib
import os
import poplib
import smtplib
import socket
import ssl
import subprocess
import sys

import certs
import lab
import mailbox
import names
import postfix
import root
import users
from listeners import CLOSED, DEAF, LISTENERS, NAMES, SILENT
from places import DIR, TREE, wait_for

CLIENTS_KNOW = ("PLAIN", "LOGIN", "CRAM-MD5")       # of the mechanisms; SCRAM is tried by emailmon only
POLITE = ("", "oldfashioned", "nouidplus")           # quirks that let a client in


def tool(*command, timeout_s=30):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          timeout=timeout_s, check=False)
    return done.returncode, done.stdout + done.stderr


def side_by_side(function, items):
    """function(item) for all, a few at once; every failure is told, not only the first."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        errors = [(item, future.exception()) for item, future in [(i, pool.submit(function, i)) for i in items]]
    failed = [f"{item}: {error}" for item, error in errors if error]
    assert not failed, f"{len(failed)} of {len(errors)}: " + "; ".join(failed[:4])


def good_doors(*protocols):
    return [row for row in LISTENERS.values()
            if row.protocol in protocols and row.cert in ("", "good") and row.quirk in POLITE]


def swaks(door, to, mechanism="", user="u60", sender="friend@example.org"):
    command = ["swaks", "--server", door.host, "--port", str(door.port), "--to", to, "--from", sender, "--hide-all",
               "--helo", "client.lab.test", "--timeout", "10", "--show-raw-text"]
    command += {"none": [], "starttls": ["--tls"], "tls": ["--tls-on-connect"]}[door.security]
    if mechanism:
        command += ["--auth", mechanism, "--auth-user", user, "--auth-password", users.passwords()[user]]
    return tool(*command)


def curl(door, mechanism):
    scheme = {"imap": "imap", "pop3": "pop3"}[door.protocol] + ("s" if door.security == "tls" else "")
    command = ["curl", "-sS", "--max-time", "20", "--cacert", certs.CA, "--resolve",
               f"{door.name}:{door.port}:{door.host}", "--user", "u60:" + users.passwords()["u60"],
               f"{scheme}://{door.name}:{door.port}/"]
    command += ["--ssl-reqd"] if door.security != "none" else []
    command += ["--login-options", "AUTH=" + mechanism] if mechanism else []
    command += ["-X", "EXAMINE INBOX"] if door.protocol == "imap" else []
    return tool(*command)


def client_context(check=True):
    context = ssl.create_default_context(cafile=certs.CA)
    if not check:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def connect(door):
    """A client of Python's own library, after TLS, before a login."""
    context = client_context(check=False)
    kinds = {"smtp": (smtplib.SMTP, smtplib.SMTP_SSL), "pop3": (poplib.POP3, poplib.POP3_SSL),
             "imap": (imaplib.IMAP4, imaplib.IMAP4_SSL)}
    clear, wrapped = kinds[door.protocol]
    if door.security == "tls":
        keyword = {"ssl_context": context} if door.protocol == "imap" else {"context": context}
        return wrapped(door.host, door.port, timeout=10, **keyword)
    client = clear(door.host, door.port, timeout=10)
    if door.security == "starttls":
        client.stls(context) if door.protocol == "pop3" else client.starttls(
            **({"context": context} if door.protocol == "smtp" else {"ssl_context": context}))
    return client


def offered(door):
    """The SASL mechanisms that a door offers once its TLS stands."""
    client = connect(door)
    if door.protocol == "smtp":
        client.ehlo("client.lab.test")
        said = client.esmtp_features.get("auth", "").split()
        client.quit()
    elif door.protocol == "pop3":
        said = client.capa().get("SASL", [])
        client.quit()
    else:
        said = {word.removeprefix("AUTH=") for word in client.capability()[1][-1].decode().split()
                if word.startswith("AUTH=")}
        client.logout()
    return sorted(said)


def test_the_machine_is_left_alone():
    """The lab mounts nothing, and without root the lab and its runner say so in one line."""
    assert not root.mounts_below(DIR), root.mounts_below(DIR)
    for program in ("lab.py", "run.py"):
        script = os.path.join(TREE, "tests", "lab", program)
        arguments = ["start"] if program == "lab.py" else []
        code, said = tool("setpriv", "--reuid", "65534", "--clear-groups", sys.executable, script, *arguments)
        assert code == 1 and said.count("\n") == 1 and "needs root" in said, (code, said)


def test_names():
    """The name server knows the lab's names by A, has no AAAA for them, and says that nothing else exists."""
    for name, address in NAMES.items():
        assert names.ask(name.upper()) == (names.NO_ERROR, [address]), name
        assert names.ask(name, names.TYPE_AAAA) == (names.NO_ERROR, []), name
    assert names.ask("nowhere.lab.test") == (names.NO_SUCH_NAME, [])
    assert names.ask("www.example.org") == (names.NO_SUCH_NAME, [])


def test_doors_without_servers():
    """The closed door refuses, the silent one accepts and says nothing, the deaf one never accepts."""
    try:
        socket.create_connection(CLOSED, timeout=1)
        raise AssertionError("the closed door is open")
    except ConnectionRefusedError:
        pass
    with socket.create_connection(SILENT, timeout=1) as client:
        client.sendall(b"EHLO client\r\n")
        client.settimeout(0.5)
        try:
            raise AssertionError(f"the silent door said {client.recv(100)}")
        except TimeoutError:
            pass
    try:
        socket.create_connection(DEAF, timeout=0.5)
        raise AssertionError("the deaf door accepted")
    except TimeoutError:
        pass


def test_smtp_doors_take_mail():
    """Every good SMTP door takes a mail from swaks, without AUTH only where it has none, and the mail arrives."""
    mailbox.clear("u60")
    tried = []
    for door in good_doors("smtp"):
        tried += [(door, m) for m in door.mechanisms if m in CLIENTS_KNOW] or [(door, "")]
    sendable = [(door, m) for door, m in tried if m or not door.mechanisms]

    def send(item):
        door, mechanism = item
        code, said = swaks(door, users.address("u60"), mechanism)
        assert code == 0, f"{door.key} {mechanism}: {said[-300:]}"
    side_by_side(send, sendable)
    wait_for(lambda: len(mailbox.mails("u60")) == len(sendable), 10, f"{len(sendable)} mails to arrive")
    for door in good_doors("smtp"):
        if door.mechanisms and door.login != "wrong":
            code, _ = swaks(door, users.address("u60"))
            assert code == 24, f"{door.key} takes mail without AUTH: {code}"


def test_mailbox_doors_let_in():
    """Every good POP3 and IMAP door lets curl in by each mechanism that curl knows, and by the protocol's own login."""
    def fetch(item):
        door, mechanism = item
        if door.key == "imap/starttls/user":       # curl does not forget LOGINDISABLED after STARTTLS
            assert connect(door).login("u60", users.passwords()["u60"])[0] == "OK"
            return
        code, said = curl(door, mechanism)
        assert code == 0, f"{door.key} {mechanism}: {said[-300:]}"
    side_by_side(fetch, [(door, m) for door in good_doors("pop3", "imap") for m in door.mechanisms or ("",)
                         if not m or m in CLIENTS_KNOW])


def test_mechanisms():
    """Every good door offers the mechanisms of its row, no more and no fewer."""
    def check(door):
        said, due = offered(door), sorted(door.mechanisms)
        assert said == due, f"{door.key} offers {said}, not {due}"
    side_by_side(check, good_doors("smtp", "pop3", "imap"))


def handshake(door, name):
    command = ["openssl", "s_client", "-connect", f"{door.host}:{door.port}", "-servername", name, "-verify_hostname",
               name, "-verify_return_error", "-CAfile", certs.CA, "-brief", "-min_protocol", "TLSv1.2"]
    command += ["-starttls", door.protocol] if door.security == "starttls" else []
    return tool(*command)[1]


def test_certificates():
    """openssl says of every TLS door what its row says of the certificate."""
    says = {"good": "Verification: OK", "expired": "certificate has expired", "wrongname": "hostname mismatch",
            "selfsigned": "self-signed certificate", "untrusted": "unable to get local issuer certificate",
            "tooold": ("alert protocol version", "unexpected eof")}       # Postfix says why, Dovecot hangs up

    def due(door):
        return says[door.cert] if isinstance(says[door.cert], tuple) else (says[door.cert],)

    def check(door):
        said = handshake(door, door.name)
        assert said and any(words in said for words in due(door)), f"{door.key}: {said[:400]}"
        if door.cert == "tooold":
            oldest = tool("openssl", "s_client", "-connect", f"{door.host}:{door.port}", "-tls1_1", "-cipher",
                          "ALL:@SECLEVEL=0", *(["-starttls", door.protocol] if door.security == "starttls" else []))[1]
            assert "TLSv1.1" in oldest and "Cipher is (NONE)" not in oldest, f"{door.key}: {oldest[-500:]}"
    side_by_side(check, [door for door in LISTENERS.values() if door.cert])


def test_recipients():
    """Recipients are refused, deferred, refused after the dot; their mail vanishes, or is held until it is released."""
    door = LISTENERS["smtp/none/noauth"]
    mailbox.clear("u60")
    for detail, reply in (("refused", "550 5.1.1"), ("deferred", "450 4.2.1"), (users.AFTER_DOT, "554 5.7.1")):
        code, said = swaks(door, users.address("u60", detail))
        assert code != 0, f"{detail}: accepted"
        code, said = tool("swaks", "--server", door.host, "--port", str(door.port), "--to",
                          users.address("u60", detail), "--from", "friend@example.org", "--helo", "client.lab.test")
        assert reply in said, f"{detail}: {said}"
    code, _ = swaks(door, users.address("u60"), sender=users.REFUSED_SENDER)
    assert code == 23, code
    for detail in ("vanish", "held"):
        code, said = swaks(door, users.address("u60", detail))
        assert code == 0, f"{detail}: {said}"
    wait_for(lambda: [q for q, _ in postfix.queue()] == ["hold"], 5, "one held mail and no other")
    assert not mailbox.mails("u60")
    postfix.release_held()
    wait_for(lambda: len(mailbox.mails("u60")) == 1, 10, "the released mail")


def test_odd_passwords():
    """Every user's password is right, whatever is in it, and a wrong one is refused."""
    def login(user, password, door):
        client = connect(door)
        secret = b"\0" + user.encode() + b"\0" + password.encode()
        if door.protocol == "imap":
            client.authenticate("PLAIN", lambda _: secret)
            client.logout()
        elif door.protocol == "smtp":
            client.ehlo("client.lab.test")
            code, said = client.docmd("AUTH", "PLAIN " + base64.b64encode(secret).decode())
            client.quit()
            assert code == 235, (user, code, said)

    def check(user):
        for key in ("imap/tls/plain", "smtp/tls/plain"):
            login(user, users.passwords()[user], LISTENERS[key])
    side_by_side(check, [*users.ODD, "u1", "u60"])
    try:
        login("u1", "not it", LISTENERS["imap/tls/wrong"])
        raise AssertionError("a wrong password was right")
    except imaplib.IMAP4.error as refusal:
        assert "AUTHENTICATIONFAILED" in str(refusal), refusal


def test_foreign_mail_stays():
    """A visit of a client that only reads leaves the snapshot of a mailbox as it was; a deletion shows in it."""
    mailbox.clear("u59")
    mailbox.put_foreign("u59")
    before = mailbox.snapshot("u59")
    assert len(before) == len(mailbox.FOREIGN), len(before)
    client = connect(LISTENERS["imap/tls/plain"])
    client.authenticate("PLAIN", lambda _: b"\0u59\0secret-u59")
    assert client.select("INBOX")[1] == [b"%d" % len(before)]
    assert client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER])")[0] == "OK"
    assert mailbox.snapshot("u59") == before
    client.store("1", "+FLAGS", r"\Seen \Flagged")
    wait_for(lambda: mailbox.snapshot("u59") != before, 5, "a changed flag in the snapshot")
    client.logout()


def test_one_lab_at_a_time():
    """A second user of the lab is told so in one line and ends nothing."""
    code, said = tool(sys.executable, os.path.join(TREE, "tests", "lab", "lab.py"), "stop")
    assert code == 1 and said.count("\n") == 1 and "somebody else uses the lab" in said, (code, said)
    assert all(lab.is_open(door) for door in lab.doors())
