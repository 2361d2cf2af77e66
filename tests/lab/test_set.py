"""SET through a real snmpd, with the ordinary tools, against the agent alone (stage.py).

A case is a line: what was SET before, the SET, and its answer: "ok", or the error with the place of the variable that
it names.  After each case everything that can be read is compared: a refused SET has changed nothing at all.
"""

import os
import re
import signal
import threading

import agentx
import snmp
from places import wait_for
from stage import Stage

MASTER = 41                     # the number of these tests' own snmpd
FILE_ROWS = 3
MIB = "EMAIL-MONITOR-MIB::emailMon"
CONTACT = "SNMPv2-MIB::sysContact.0"
CONSTANT = "SNMPv2-MIB::sysDescr.0"     # refused in TestSet
LATE = ".1.3.6.1.4.1.8072.9999.9999.77.1.0"     # refused in CommitSet, by an snmpd that is told to
REFUSER = "pass .1.3.6.1.4.1.8072.9999.9999.77 /bin/echo not-writable\n"
REST = "Device={i}:s:192.0.2.9 SmtpTo={i}:s:a@example.com SmtpFrom={i}:s:b@example.com InUsername={i}:s:u"


def rest(index):
    return REST.replace("{i}", str(index))


def row(index, name):
    return f"Name={index}:s:{name} {rest(index)} InPassword={index}:s:p"


def go(index, name):
    return f"{row(index, name)} RowStatus={index}:i:4"


LONG = "x" * 255
GOOD = go(7, "a")
WAIT = "RowStatus=7:i:5"

# What it shows, what was SET before, the SET, the answer, and what can be read afterwards.
CASES = [
    # RFC 2579, RowStatus: each state and each action
    ("createAndGo with all that is required", [], GOOD, "ok", {"RowStatus.7": "active"}),
    ("createAndGo in front", [], f"RowStatus=7:i:4 {row(7, 'a')}", "ok", {"RowStatus.7": "active"}),
    ("createAndGo amid the others", [], f"Name=7:s:a RowStatus=7:i:4 {rest(7)}", "ok", {"RowStatus.7": "active"}),
    ("createAndGo without a name", [], f"RowStatus=7:i:4 {rest(7)}", "inconsistentValue 1", {}),
    ("createAndGo of a notReady row", [WAIT], GOOD, "inconsistentValue 7", {"RowStatus.7": "notReady"}),
    ("createAndGo of a notInService row", [GOOD, "RowStatus=7:i:2"], "RowStatus=7:i:4", "inconsistentValue 1", {}),
    ("createAndGo of an active row", [GOOD], "RowStatus=7:i:4", "inconsistentValue 1", {}),
    ("createAndWait of nothing else", [], WAIT, "ok", {"RowStatus.7": "notReady"}),
    ("createAndWait with all", [], f"{WAIT} {row(7, 'a')}", "ok", {"RowStatus.7": "notInService"}),
    ("createAndWait of a notReady row", [WAIT], WAIT, "inconsistentValue 1", {}),
    ("createAndWait of a notInService row", [GOOD, "RowStatus=7:i:2"], WAIT, "inconsistentValue 1", {}),
    ("createAndWait of an active row", [GOOD], WAIT, "inconsistentValue 1", {"RowStatus.7": "active"}),
    ("active of a missing row", [], "RowStatus=7:i:1", "inconsistentValue 1", {}),
    ("active of a notReady row", [WAIT], "RowStatus=7:i:1", "inconsistentValue 1", {"RowStatus.7": "notReady"}),
    ("active with what was missing", [WAIT], f"{row(7, 'a')} RowStatus=7:i:1", "ok", {"RowStatus.7": "active"}),
    ("active of a notInService row", [f"{WAIT} {row(7, 'a')}"], "RowStatus=7:i:1", "ok", {"RowStatus.7": "active"}),
    ("active of an active row", [GOOD], "RowStatus=7:i:1", "ok", {"RowStatus.7": "active"}),
    ("notInService of a missing row", [], "RowStatus=7:i:2", "inconsistentValue 1", {}),
    ("notInService of a notReady row", [WAIT], "RowStatus=7:i:2", "inconsistentValue 1", {}),
    ("notInService with what was missing", [WAIT], f"RowStatus=7:i:2 {row(7, 'a')}", "ok",
     {"RowStatus.7": "notInService"}),
    ("notInService of a notInService row", [GOOD, "RowStatus=7:i:2"], "RowStatus=7:i:2", "ok", {}),
    ("notInService of an active row", [GOOD], "RowStatus=7:i:2", "ok",
     {"RowStatus.7": "notInService", "OperStatus.7": "disabled"}),
    ("destroy of a missing row", [], "RowStatus=7:i:6", "ok", {}),
    ("destroy of a notReady row", [WAIT], "RowStatus=7:i:6", "ok", {"RowStatus.7": None}),
    ("destroy of a notInService row", [GOOD, "RowStatus=7:i:2"], "RowStatus=7:i:6", "ok", {"RowStatus.7": None}),
    ("destroy of an active row", [GOOD], "RowStatus=7:i:6", "ok", {"RowStatus.7": None, "OperStatus.7": None}),
    ("another column of a missing row", [], "Interval=7:u:9", "inconsistentName 1", {}),
    ("another column of a notReady row", [WAIT], "Interval=7:u:9", "ok",
     {"Interval.7": "9", "RowStatus.7": "notReady"}),
    ("another column of a notInService row", [GOOD, "RowStatus=7:i:2"], "Interval=7:u:9", "ok",
     {"Interval.7": "9", "RowStatus.7": "notInService"}),
    ("another column of an active row", [GOOD], "Interval=7:u:9", "ok", {"Interval.7": "9", "RowStatus.7": "active"}),
    ("the last missing column", [WAIT, "Name=7:s:a"], rest(7), "ok", {"RowStatus.7": "notInService"}),
    ("notReady", [GOOD], "RowStatus=7:i:3", "wrongValue 1", {}),
    ("RowStatus 0", [], "RowStatus=7:i:0", "wrongValue 1", {}),
    ("RowStatus 7", [GOOD], "RowStatus=7:i:7", "wrongValue 1", {}),
    ("a row over several requests", [WAIT, "SmtpFrom=7:s:b@example.com", "InUsername=7:s:u", "Name=7:s:a",
                                     "SmtpTo=7:s:a@example.com"], "Device=7:s:192.0.2.1 RowStatus=7:i:1", "ok",
     {"RowStatus.7": "active", "SmtpPort.7": "25"}),
    ("what was never set", [WAIT], "Description=7:s:x", "ok",
     {"Name.7": None, "SmtpTo.7": None, "SmtpFrom.7": None, "InUsername.7": None, "Interval.7": "60",
      "SmtpServer.7": "%Device.Address", "InPassword.7": "", "StorageType.7": "nonVolatile"}),
    ("destroy, and another column", [GOOD], "Name=7:s:b RowStatus=7:i:6", "inconsistentValue 1", {}),

    # several rows, all or nothing
    ("two rows amid each other", [], f"Name=7:s:a RowStatus=8:i:4 Name=8:s:b {rest(7)} RowStatus=7:i:4 {rest(8)}", "ok",
     {"RowStatus.7": "active", "RowStatus.8": "active"}),
    ("a good row and a bad one", [], f"{GOOD} Name=8:s:b RowStatus=8:i:4", "inconsistentValue 9", {"Name.7": None}),
    ("a good value and a bad one", [GOOD], "Interval=7:u:9 SmtpPort=7:u:70000", "wrongValue 2", {"Interval.7": "60"}),
    ("a bad value and a good one", [GOOD], "SmtpPort=7:u:70000 Interval=7:u:9", "wrongValue 1", {"Interval.7": "60"}),
    ("one goes, one comes, one changes", [GOOD, go(8, "b")], f"RowStatus=7:i:6 {go(9, 'c')} Interval=8:u:9", "ok",
     {"Name.7": None, "Name.9": "c", "Interval.8": "9"}),
    ("of two values the last counts", [GOOD], "Interval=7:u:8 Interval=7:u:9", "ok", {"Interval.7": "9"}),

    # names and types
    ("index 0", [], "Name=0:s:a", "noCreation 1", {}),
    ("index 2^31", [], "RowStatus=2147483648:i:5", "noCreation 1", {}),
    ("the greatest index", [], "RowStatus=2147483647:i:5", "ok", {"RowStatus.2147483647": "notReady"}),
    ("a name that goes on behind the index", [GOOD], "Name=7.1:s:a", "noCreation 1", {}),
    ("the wrong type before the wrong index", [], "Interval=0:i:5", "wrongType 1", {}),
    ("the wrong type of a missing row", [], "Interval=7:i:5", "wrongType 1", {}),
    ("a column that cannot be read", [], ".2.1.1=7:i:7", "notWritable 1", {}),
    ("a column behind the last", [], ".2.1.34=7:i:7", "notWritable 1", {}),
    ("a status", [GOOD], "OperStatus=7:i:1", "notWritable 1", {}),
    ("a scalar", [], "NextIndex=0:i:9", "notWritable 1", {}),
    ("a scalar behind a good row", [], f"{GOOD} NextIndex=0:i:9", "notWritable 8", {"Name.7": None}),
    ("INTEGER for Unsigned32", [GOOD], "Interval=7:i:5", "wrongType 1", {}),
    ("TimeTicks for Unsigned32", [GOOD], "Interval=7:t:5", "wrongType 1", {}),
    ("Unsigned32 for INTEGER", [GOOD], "SmtpSecurity=7:u:2", "wrongType 1", {}),
    ("INTEGER for a text", [GOOD], "Name=7:i:1", "wrongType 1", {}),
    ("a text for INTEGER", [GOOD], "SmtpAuth=7:s:1", "wrongType 1", {}),
    ("INTEGER for BITS", [GOOD], "Notify=7:i:1", "wrongType 1", {}),
    ("an OBJECT IDENTIFIER for a text", [GOOD], "Name=7:o:1.3.6", "wrongType 1", {}),
    ("an IpAddress for a text", [GOOD], "Device=7:a:192.0.2.1", "wrongType 1", {}),
    ("a text for RowStatus", [], "RowStatus=7:s:4", "wrongType 1", {}),

    # edges of numbers and texts
    ("the least interval", [GOOD], "Interval=7:u:1", "ok", {"Interval.7": "1"}),
    ("one below it", [GOOD], "Interval=7:u:0", "wrongValue 1", {}),
    ("the greatest interval", [GOOD], "Interval=7:u:86400", "ok", {"Interval.7": "86400"}),
    ("one above it", [GOOD], "Interval=7:u:86401", "wrongValue 1", {}),
    ("the greatest Unsigned32", [GOOD], "Interval=7:u:4294967295", "wrongValue 1", {}),
    ("SmtpPort 0", [GOOD], "SmtpPort=7:u:0", "wrongValue 1", {}),
    ("InPort 0", [GOOD], "InPort=7:u:0", "ok", {"InPort.7": "0"}),
    ("InPort 65536", [GOOD], "InPort=7:u:65536", "wrongValue 1", {}),
    ("a truth that is none", [GOOD], "SmtpAuth=7:i:0", "wrongValue 1", {}),
    ("a negative word", [GOOD], "InType=7:i:-1", "wrongValue 1", {}),
    ("InType 3", [GOOD], "InType=7:i:3", "wrongValue 1", {}),
    ("InSecurity 4", [GOOD], "InSecurity=7:i:4", "wrongValue 1", {}),
    ("AdminStatus 3", [GOOD], "AdminStatus=7:i:3", "wrongValue 1", {}),
    ("a name of 64 octets", [GOOD], "Name=7:s:" + "n" * 64, "ok", {"Name.7": "n" * 64}),
    ("a name of 65", [GOOD], "Name=7:s:" + "n" * 65, "wrongLength 1", {"Name.7": "a"}),
    ("an empty name", [GOOD], "Name=7:x:", "wrongLength 1", {}),
    ("a name with a letter that is not ASCII", [GOOD], "Name=7:x:c3a4", "wrongValue 1", {}),
    ("a description of 255 octets", [GOOD], f"Description=7:s:{LONG}", "ok", {"Description.7": LONG}),
    ("a description of 256", [GOOD], f"Description=7:s:{LONG}x", "wrongLength 1", {}),
    ("an empty description", [GOOD, "Description=7:s:x"], "Description=7:x:", "ok", {"Description.7": ""}),
    ("a description in UTF-8", [GOOD], "Description=7:x:c3a4", "ok", {}),
    ("half a character", [GOOD], "Description=7:x:c3", "wrongValue 1", {}),
    ("a NUL", [GOOD], "Description=7:x:4100", "wrongValue 1", {}),
    ("a line end", [GOOD], "SmtpFrom=7:x:6140622e630d0a", "wrongValue 1", {}),
    ("an address that is none", [GOOD], "SmtpTo=7:s:nobody", "wrongValue 1", {}),
    ("a server that is none", [GOOD], "SmtpServer=7:s:a_b/c", "wrongValue 1", {}),
    ("all events", [GOOD], "Notify=7:x:f0", "ok", {}),
    ("no event", [GOOD], "Notify=7:x:", "ok", {}),
    ("an event without a name", [GOOD], "Notify=7:x:08", "wrongValue 1", {}),
    ("StorageType volatile", [GOOD], "StorageType=7:i:2", "ok", {"StorageType.7": "volatile"}),
    ("StorageType other", [GOOD], "StorageType=7:i:1", "wrongValue 1", {}),
    ("StorageType permanent", [GOOD], "StorageType=7:i:4", "wrongValue 1", {}),
    ("StorageType readOnly", [GOOD], "StorageType=7:i:5", "wrongValue 1", {}),

    # rules about more than one setting, or more than one row
    ("a name that another row has", [GOOD, go(8, "b")], "Name=8:s:a", "inconsistentValue 1", {"Name.8": "b"}),
    ("a name that the file has", [], go(7, "monitor-1"), "inconsistentValue 1", {}),
    ("one name for two new rows", [], f"{GOOD} {go(8, 'a')}", "inconsistentValue 8", {}),
    ("names that two rows exchange", [GOOD, go(8, "b")], "Name=7:s:b Name=8:s:a", "ok", {"Name.7": "b", "Name.8": "a"}),
    ("a login without a user name", [GOOD], "SmtpAuth=7:i:1", "inconsistentValue 1", {}),
    ("a login with one", [GOOD], "SmtpAuth=7:i:1 SmtpUsername=7:s:u", "ok", {"SmtpAuth.7": "true"}),
    ("no device for the servers", [], GOOD.replace("Device=7:s:192.0.2.9 ", ""), "inconsistentValue 6", {}),
    ("no device, and servers without it", [], GOOD.replace("Device=7", "InServer=7:s:a.example SmtpServer=7"), "ok",
     {"Device.7": ""}),

    # the file's rows
    ("a name of the file's row", [], "Name=1:s:x", "notWritable 1", {"Name.1": "monitor-1"}),
    ("an interval of the file's row", [], "Interval=1:u:5", "notWritable 1", {}),
    ("a password of the file's row", [], "InPassword=1:s:x", "notWritable 1", {}),
    ("StorageType of the file's row", [], "StorageType=1:i:3", "notWritable 1", {"StorageType.1": "readOnly"}),
    ("destroy of the file's row", [], "RowStatus=1:i:6", "notWritable 1", {"RowStatus.1": "active"}),
    ("a wrong value for the file's row", [], "Interval=1:u:0", "wrongValue 1", {}),
    ("AdminStatus of the file's row", [], "AdminStatus=1:i:2", "ok",
     {"AdminStatus.1": "disabled", "OperStatus.1": "disabled"}),
    ("a good row beside the file's", [], f"{GOOD} Name=1:s:x", "notWritable 8", {"Name.7": None}),

    # PollNow
    ("PollNow of the file's row", [], "PollNow=1:i:2", "ok", {"PollNow.1": "idle"}),
    ("PollNow idle", [], "PollNow=1:i:1", "ok", {}),
    ("PollNow 3", [], "PollNow=1:i:3", "wrongValue 1", {}),
    ("PollNow of a disabled row", ["AdminStatus=1:i:2"], "PollNow=1:i:2", "inconsistentValue 1", {}),
    ("PollNow of a row that is enabled by it", ["AdminStatus=1:i:2"], "PollNow=1:i:2 AdminStatus=1:i:1", "ok", {}),
    ("PollNow of a notReady row", [WAIT], "PollNow=7:i:2", "inconsistentValue 1", {}),
    ("PollNow of a missing row", [], "PollNow=7:i:2", "inconsistentName 1", {}),

    # guarded credentials
    ("a server without its password", [GOOD], "InServer=7:s:evil.example", "inconsistentValue 1",
     {"InServer.7": "%Device.Address"}),
    ("a server with its password", [GOOD], "InServer=7:s:b.example InPassword=7:s:q", "ok", {}),
    ("a server, and the password cleared", [GOOD], "InServer=7:s:b.example InPassword=7:x:", "ok", {}),
    ("a device without the password", [GOOD], "Interval=7:u:9 Device=7:s:192.0.2.66", "inconsistentValue 2", {}),
    ("a port without the password", [GOOD], "InPort=7:u:1143", "inconsistentValue 1", {}),
    ("the port that it was anyway", [GOOD], "InPort=7:u:143", "ok", {"InPort.7": "143"}),
    ("a type without the password", [GOOD], "InType=7:i:1", "inconsistentValue 1", {}),
    ("tls_verify without the password", [GOOD], "InTlsVerify=7:i:2", "inconsistentValue 1", {}),
    ("plaintext_auth without the password", [GOOD], "InPlaintextAuth=7:i:1", "inconsistentValue 1", {}),
    ("a user name without the password", [GOOD], "InUsername=7:s:v", "inconsistentValue 1", {}),
    ("the other leg's server", [GOOD], "SmtpServer=7:s:b.example", "ok", {}),
    ("a server for the first time, never active", [WAIT, "InPassword=7:s:p"], "InServer=7:s:b.example", "ok", {}),
    ("... and a second time", [WAIT, "InPassword=7:s:p", "InServer=7:s:b.example"], "InServer=7:s:c.example",
     "inconsistentValue 1", {}),
    ("a server of a row that was active", [GOOD, "RowStatus=7:i:2"], "InServer=7:s:c.example", "inconsistentValue 1",
     {}),

    # beside objects of others
    ("beside another's good object", [], f"{CONTACT}=:s:me {GOOD}", "ok", {"Name.7": "a"}),
    ("beside one that is refused in TestSet", [], f"{GOOD} {CONSTANT}=:s:x", "notWritable 8", {"Name.7": None}),
    ("behind one that is refused in TestSet", [GOOD], f"{CONSTANT}=:s:x Interval=7:u:9", "notWritable 1",
     {"Interval.7": "60"}),
    ("a bad value behind another's good object", [GOOD], f"{CONTACT}=:s:you Interval=7:u:0", "wrongValue 2", {}),
]

AFTER = ["RowStatus=7:i:6 RowStatus=8:i:6 RowStatus=9:i:6 RowStatus=2147483647:i:6", "AdminStatus=1:i:1"]


def variables(line):
    """The arguments of snmpset for "Name=7:s:a ..."; a name with "::" is another module's, one with "." a number."""
    arguments = []
    for word in line.split():
        name, _, value = word.partition("=")
        index, kind, text = value.split(":", 2)
        if "::" in name or name == LATE:
            full = name
        elif name.startswith("."):
            full = f"{snmp.SUBTREE}.1{name}.{index}"
        else:
            full = f"{MIB}{name}.{index}"
        arguments += [full, kind, text]
    return arguments


def set_(master, line, way=snmp.V2C):
    """"ok", or the error and the place of its variable."""
    arguments = variables(line)
    done = snmp.ask("snmpset", master.address, way, "-Ir", "-On", "-r0", "-t2", arguments, check=False)
    if done.returncode == 0:
        return "ok"
    reason = re.search(r"Reason: \(?(\w+)", done.stderr)
    failed = re.search(r"Failed object: (\S+)", done.stderr)
    if not reason:
        return done.stderr.strip()
    names = [numbers(master, name) for name in arguments[::3]]
    return f"{reason.group(1)} {names.index(failed.group(1)) + 1 if failed else 0}"


known = {}


def numbers(master, name):
    """The name in numbers, as the tools print a failed one with -On."""
    if name not in known:
        base, _, index = name.partition(".") if not name.startswith(".") else ("", "", name)
        if base:
            base = snmp.ask("snmptranslate", "-On", snmp.V2C[:0], [base], check=True).stdout.strip() + "."
        known[name] = base + index
    return known[name]


def everything(master):
    """All that can be read and is not about time, or about SETs: {name: value}."""
    moving = ("LastSetError", "ProofAge", "Started", "TableLastChange")
    walked = snmp.parsed(master.walk()) | snmp.parsed(master.walk("SNMPv2-MIB::sysContact"))
    return {name: value for name, value in walked.items() if not any(word in name for word in moving)}


def last_error(master):
    return master.tool("snmpget", "-OqvU", MIB + "LastSetError.0").strip().strip('"')


def check_values(master, wanted, what):
    for name, value in wanted.items():
        got = master.tool("snmpget", "-OqvU", MIB + name).strip().strip('"')
        if value is None:
            assert got.startswith("No Such Instance"), f"{what}: {name} is {got}"
        else:
            assert got == value, f"{what}: {name} is {got}, not {value}"


def check_unchanged(master, was, what):
    now = everything(master)
    changed = {name: (was.get(name), now.get(name)) for name in sorted(was.keys() | now.keys())
               if was.get(name) != now.get(name)}
    assert not changed, f"{what}: although refused it changed {changed}"


def check_case(master, case):
    what, before, line, answer, wanted = case
    for earlier in before:
        got = set_(master, earlier)
        assert got == "ok", f"{what}: {earlier}: {got}: {last_error(master)}"
    was = everything(master)
    got = set_(master, line)
    assert got == answer, f"{what}: {got}, not {answer}: {last_error(master)}"
    if answer != "ok":
        check_unchanged(master, was, what)
    check_values(master, wanted, what)
    for after in AFTER:
        got = set_(master, after)
        assert got == "ok", f"{what}: {after}: {got}: {last_error(master)}"


def test_every_set_has_its_answer():
    """Each SET is answered as RFC 2579 and RFC 3416 have it, at the right place, and a refused one changes nothing."""
    with snmp.Master(MASTER) as master, Stage(master, FILE_ROWS) as stage:
        stage.wait_serving()
        assert len(CASES) >= 80
        missed = []
        for case in CASES:
            try:
                check_case(master, case)
            except AssertionError as error:
                missed.append(str(error))
                for after in AFTER:
                    set_(master, after)
        assert not missed, "\n    ".join([f"{len(missed)} of {len(CASES)} cases:"] + missed)


def test_a_refused_set_is_said_in_words():
    """emailMonLastSetError says why the last SET was refused, without a secret, until a SET is good."""
    with snmp.Master(MASTER) as master, Stage(master, FILE_ROWS) as stage:
        stage.wait_serving()
        assert last_error(master) == ""
        assert set_(master, GOOD) == "ok"
        assert set_(master, "SmtpPort=7:u:70000") == "wrongValue 1"
        assert last_error(master) == "emailMonSmtpPort.7: 70000 is out of range; a number from 1 to 65535 is right"
        assert set_(master, "InPassword=7:x:70617373ff") == "wrongValue 1"
        assert "pass" not in last_error(master).replace("emailMonInPassword", "")
        assert set_(master, "Interval=7:u:5") == "ok"
        assert last_error(master) == ""


def test_v1_and_v3_set_too():
    """SET by SNMPv3 with privacy works as by v2c; v1 gets the errors that it knows (RFC 3584 section 4.4)."""
    with snmp.Master(MASTER) as master, Stage(master, FILE_ROWS) as stage:
        stage.wait_serving()
        assert set_(master, GOOD, way=snmp.V3) == "ok"
        assert set_(master, "Interval=7:u:0", way=snmp.V3) == "wrongValue 1"
        assert set_(master, "Interval=7:u:0", way=snmp.V1) == "badValue 1"
        assert set_(master, "Interval=8:u:9", way=snmp.V1) == "noSuchName 1"
        assert set_(master, "Description=7:s:x", way=snmp.V1) == "ok"


def test_a_state_that_cannot_be_written_refuses_sets():
    """resourceUnavailable while the alarm is known, commitFailed when the commit fails or is late; PollNow and volatile
    rows go on."""
    with snmp.Master(MASTER) as master, Stage(master, FILE_ROWS) as stage:
        stage.wait_serving()
        was = everything(master)
        for mood, words in (("refuse", "cannot be written"), ("silent", "in time"), ("late", "in time")):
            stage.say(mood)
            assert set_(master, GOOD) == "commitFailed 1", mood
            assert words in last_error(master), last_error(master)
        assert "01" not in everything(master)[MIB + "Alarms.0"]
        stage.say("alarm")
        stage.say("refuse")
        assert set_(master, GOOD).startswith("resourceUnavailable"), "with the alarm"
        assert set_(master, "AdminStatus=1:i:2").startswith("resourceUnavailable"), "with the alarm"
        assert set_(master, "PollNow=1:i:2") == "ok"
        assert set_(master, f"{GOOD} StorageType=7:i:2") == "ok"
        assert set_(master, "RowStatus=7:i:6") == "ok"
        stage.say("well")
        stage.say("calm")
        was.pop(MIB + "Alarms.0")               # of the save that nobody has answered
        now = everything(master)
        now.pop(MIB + "Alarms.0")
        assert now == was
        assert set_(master, GOOD) == "ok"
        assert [line for line in stage.lines() if line.startswith(("put 7", "remove 7"))] == \
            ["put 7 a", "remove 7 ", "put 7 a"], "the worker hears of what was kept alone"


def test_a_set_that_fails_elsewhere_is_undone():
    """When an object of another fails in CommitSet, the rows of the same SET are put back, in the state too."""
    with snmp.Master(MASTER, REFUSER) as master, Stage(master, FILE_ROWS) as stage:
        stage.wait_serving()
        assert set_(master, go(8, "b")) == "ok"
        was = everything(master)
        for line in (f"{GOOD} RowStatus=8:i:6 AdminStatus=1:i:2 {LATE}=:i:1",
                     f"{LATE}=:i:1 {GOOD} RowStatus=8:i:6 AdminStatus=1:i:2"):
            answer = set_(master, line)
            assert answer != "ok", answer
            check_unchanged(master, was, answer)
        saves = [line for line in stage.lines() if line.startswith(("save", "later"))]
        assert saves[-2] == "save 8= 1=monitor-1(2,1) 7=a", saves
        assert saves[-1] == "save 7= 1=monitor-1 8=b", saves
        told = stage.lines()
        assert "put 7 a" not in told and "remove 8 " not in told, "the worker heard of what was undone"


class Setter(threading.Thread):
    """Makes, changes and destroys one row, again and again, and knows what it may look like after each answer."""

    def __init__(self, master, index):
        super().__init__()
        self.master, self.index = master, index
        self.over = threading.Event()
        self.answered = 0
        self.may_be = {None}                    # the row's interval: None: there is no row
        self.start()

    def steps(self):
        while True:
            yield go(self.index, f"n{self.index}"), "60"
            yield f"Interval={self.index}:u:61", "61"
            yield f"RowStatus={self.index}:i:6", None

    def run(self):
        for line, after in self.steps():
            if self.over.is_set():
                return
            self.may_be.add(after)
            if set_(self.master, line) != "ok":
                return                          # refused, or nobody knows: both states may be
            self.may_be = {after}
            self.answered += 1

    def end(self):
        self.over.set()
        self.join()


def test_sets_survive_a_master_that_dies():
    """SETs go on while snmpd is killed ten times: each that was answered is there, each row is whole or not there."""
    with snmp.Master(MASTER) as master, Stage(master, FILE_ROWS) as stage:
        stage.wait_serving()
        for _ in range(10):
            setters = [Setter(master, index) for index in range(10, 14)]
            wait_for(lambda some=setters: all(s.answered > 2 for s in some), 20, "answers to SETs")
            os.kill(master.pid(), signal.SIGKILL)
            for setter in setters:
                setter.end()
            wait_for(lambda: not master.pid(), 5, "the end of snmpd")
            master.start()
            wait_for(lambda: set_(master, "RowStatus=99:i:6") == "ok", 10, "the agent behind the new snmpd")
            intervals = master.column("emailMonInterval")
            for setter in setters:
                assert intervals.get(setter.index) in setter.may_be, f"{intervals}, not {setter.may_be}"
                assert set_(master, f"RowStatus={setter.index}:i:6") == "ok"


def test_a_master_that_goes_between_two_phases_leaves_nothing_over():
    """A SET whose master goes after TestSet is not done, one whose master goes after CommitSet is, answered or not."""
    row_status = [int(n) for n in snmp.SUBTREE.strip(".").split(".")] + [1, 2, 1, 33]
    ends = [(False, False), (True, False), (False, True), (True, True)]     # (waits for the answer, commits)
    with agentx.Master() as master, Stage(master, FILE_ROWS) as stage:
        for turn, (waits, commits) in enumerate(ends * 3):
            index = 50 + turn
            with master.session() as session:
                wait_for(lambda: "put 3 monitor-3" in stage.lines(), 5, "the file's rows")
                session.send(agentx.TEST_SET, turn, agentx.variable(row_status + [index], agentx.INTEGER, 5))
                if waits or commits:
                    assert session.error() == 0, f"row {index}: TestSet"
                if commits:
                    session.send(agentx.COMMIT_SET, turn, b"")
                if commits and waits:
                    assert session.error() == 0, f"row {index}: CommitSet"
        with master.session():                      # all that was before is over
            done = [f"put {50 + turn} " for turn, (_, commits) in enumerate(ends * 3) if commits]
            wait_for(lambda: [line for line in stage.lines() if line.startswith("put 5") or line.startswith("put 6")] ==
                     done, 5, f"{done} in {stage.lines()}")
