"""The table as a console reads it: by every version of SNMP, in any portion, and after its master was away."""

import os
import re
import signal
import time

import mailbox
import snmp
from emailmon import Emailmon, monitor, watching
from places import LabError, TREE

ROWS = 12
SYNTAX = re.compile(r"^(emailMon\w+)\s+OBJECT-TYPE\s+SYNTAX\s+(\w+(?: \w+)?)(?:.*?)MAX-ACCESS\s+([\w-]+)", re.S | re.M)
PRINTED = {
    "DateAndTime": r"STRING: (\d+-\d+-\d+,\d+:\d+:\d+\.\d,\+0:0|0-0-0,0:0:0\.0)$",
    "Gauge32": r"Gauge32: \d+", "Counter32": r"Counter32: \d+", "Counter64": r"Counter64: \d+",
    "Unsigned32": r"Gauge32: \d+", "Integer32": r"INTEGER: -?\d+", "SnmpAdminString": r"(STRING: .*|\"?\"?)$",
    "BITS": r"BITS: ", "INTEGER": r"INTEGER: [a-z]\w*\(\d+\)$", "TruthValue": r"INTEGER: (true\(1\)|false\(2\))$",
    "RowStatus": r"INTEGER: active\(1\)$", "StorageType": r"INTEGER: readOnly\(5\)$",
}
TEXTUAL = r"INTEGER: [a-z]\w*\(\d+\)$"        # this MIB's own enumerations


def rows():
    """Rows that stand still after their first poll: an hour between two."""
    mailbox.clear("u1")
    return [monitor(f"row {n:02}", "u1", interval=3600, description="ordinary, \"quoted\" und ünicode")
            for n in range(ROWS)]


def at_rest(program):
    return program.wait_rows(lambda row: row["Polls"] == "1", 20, "every row polled once")


def names_of(walked):
    return [line.split(" ", 1)[0] for line in walked.splitlines() if line.startswith(".")]


def module():
    """{object: (syntax, access)} of the MIB file: what a console believes."""
    with open(os.path.join(TREE, "mib", "EMAIL-MONITOR-MIB.txt"), encoding="utf-8") as mib:
        found = {name: (syntax, access) for name, syntax, access in SYNTAX.findall(mib.read())}
    return {name: (syntax, access) for name, (syntax, access) in found.items() if not syntax.startswith("SEQUENCE")}


def test_every_version_walks_the_same():
    """v1, v2c and v3 with privacy walk the same subtree (v1: all but Counter64), and GETBULK in portions of 1, 7, 50
    and 500 finds the same variables as GETNEXT"""
    with watching(rows()) as program:
        at_rest(program)
        master = program.master
        walked = master.walk(tool="snmpwalk", options=("-On",))
        due = names_of(walked)
        wide = {line.split(" ", 1)[0] for line in walked.splitlines() if "Counter64" in line}
        assert len(due) > ROWS * 80 and len(set(due)) == len(due), f"{len(due)} variables"
        narrow = names_of(master.walk(tool="snmpwalk", options=("-On",), way=snmp.V1))
        assert narrow == [name for name in due if name not in wide], f"{len(narrow)} variables by v1, {len(due)} by v2c"
        for way in (snmp.V2C, snmp.V3):
            for portion in ("1", "7", "50", "500"):
                found = names_of(master.walk(options=("-On", "-Cr" + portion), way=way))
                assert found == due, f"in portions of {portion}: {len(found)} variables, not {len(due)}"


def test_every_object_reads_as_its_syntax():
    """Every readable object of the module is served, and prints as its SYNTAX says when the module is loaded"""
    with watching(rows()) as program:
        at_rest(program)
        walked = program.master.walk(tool="snmpwalk", options=("-Os",))
        assert "Wrong Type" not in walked, [line for line in walked.splitlines() if "Wrong Type" in line][:3]
        served = {}
        for line in walked.splitlines():
            match = re.match(r"(emailMon\w+)\.\d+ = (.*)", line)
            if match:
                served.setdefault(match[1], []).append(match[2])
        objects = module()
        readable = {name for name, (_, access) in objects.items() if access.startswith("read")}
        missing = {name for name in readable - set(served) if not name.startswith("emailMonEvent")}
        assert not missing, f"not served: {sorted(missing)}"
        assert not set(served) - readable, f"not in the module: {sorted(set(served) - readable)}"
        wrong = [f"{name} ({objects[name][0]}) = {value}" for name, values in served.items() for value in values
                 if not re.match(PRINTED.get(objects[name][0].split()[0], TEXTUAL), value)]
        assert not wrong, wrong[:8]


def test_secrets_are_not_served():
    """No password is in anything that the subtree serves, and no process shows one in its arguments"""
    with watching(rows()) as program:
        at_rest(program)
        assert "secret-u1" not in program.master.walk()
        with open(f"/proc/{program.process.pid}/cmdline", encoding="utf-8") as arguments:
            assert "secret" not in arguments.read()


def answers(program):
    name = "EMAIL-MONITOR-MIB::emailMonRows.0"
    try:
        return program.master.get(name).get(name) == str(ROWS)
    except LabError:
        return False


def test_master_restart():
    """Within two seconds after snmpd is back, from TERM or KILL, the table answers again"""
    with watching(rows()) as program:
        at_rest(program)
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            program.master.stop(number=number)
            program.master.start()
            began = time.monotonic()
            while not answers(program):
                took = time.monotonic() - began
                assert took < 2, f"no table {took:.1f} s after snmpd was back from signal {number}"
                time.sleep(0.02)
            assert program.process.poll() is None, "emailmon ended"


def test_master_late():
    """An emailmon that is there before its snmpd serves the table as soon as that has come"""
    with snmp.Master(1) as master:
        program = Emailmon(rows(), master)
        master.stop()
        program.start(wait=False)
        try:
            time.sleep(1.2)                        # it has tried and failed by now
            assert program.process.poll() is None, "emailmon ended without a master"
            master.start()
            program.wait_serving(3)
        finally:
            program.stop()
