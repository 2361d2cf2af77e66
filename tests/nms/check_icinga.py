"""The files for Icinga 2 and Nagios agree with the MIB; emailmon-trap says what notifications mean."""

import os
import re
import tempfile
import types

import mib
from check_files import console, must_have_none

ROOT = "." + mib.oids()["emailMonMIB"]
HOSTILE = "$(reboot); `reboot` \\' | x"


COMMAND = re.compile(r"((?:^(?://|#) .*\n)+)((?:object CheckCommand|define command) (?:.*\n)*?\})", re.MULTILINE)


def commands(file):
    """[(the objects that a command's comment names, the OIDs that it asks for)], both in the order of the text."""
    for comment, command in COMMAND.findall(console(f"icinga/{file}")):
        oids = re.findall(re.escape(ROOT) + r"(?:\.\d+)+", command.replace('EmailmonRoot + "', ROOT))
        yield re.findall(r"emailMon[A-Z]\w*", comment), [oid.removesuffix(".0") for oid in oids]


def check_commands_ask_for_what_they_say():
    """Each command of Icinga and of Nagios asks for the objects that its comment names"""
    for file in "emailmon.conf", "emailmon-nagios.cfg":
        found = list(commands(file))
        assert len(found) == 5, (file, found)
        must_have_none([(file, (names, oids)) for names, oids in found
                        if oids != ["." + mib.objects()[name] for name in names]])


def handler():
    """emailmon-trap as a module."""
    module = types.ModuleType("emailmon_trap")
    exec(compile(console("icinga/emailmon-trap"), "emailmon-trap", "exec"), module.__dict__)
    return module


def told(kind, **values):
    """What snmptrapd says of a notification, for row 7."""
    lines = ["watch", "UDP: [192.0.2.1]:161->[192.0.2.2]:162",
             f".1.3.6.1.6.3.1.1.4.1.0 .{mib.oids()[kind]}"]
    return lines + [f".{mib.oids()[name]}.7 {value}" for name, value in values.items()]


def check_the_handler_knows_every_notification():
    """emailmon-trap makes of each notification of the MIB the state that the pages name, and of others nothing"""
    trap = handler()
    name, text = '"office"', '"why"'
    verdicts = {"emailMonDown": trap.CRITICAL, "emailMonUp": trap.OK, "emailMonUnknown": trap.WARNING}
    for kind, state in verdicts.items():
        lines = told(kind, emailMonName=name, emailMonFailureText=text)
        assert trap.result(trap.variables(lines))[:2] == ("mail office", state), kind
    for days, state in (13, trap.WARNING), (0, trap.WARNING), (-1, trap.CRITICAL):
        lines = told("emailMonCertExpiring", emailMonName=name, emailMonSmtpCertDays=days,
                     emailMonInCertDays=trap.NO_CERTIFICATE)
        assert trap.result(trap.variables(lines)) == ("certificates office", state, f"certificates: smtp {days} days")
    assert {*verdicts, "emailMonCertExpiring"} == set(mib.notifications())
    assert trap.result(trap.variables(["a", "b", ".1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.6.3.1.1.5.3"])) is None


def check_a_hostile_text_is_a_text():
    """What a mail server says is a text and nothing else, on its way into Nagios' command pipe"""
    trap = handler()
    quoted = '"' + HOSTILE.replace("\\", "\\\\") + '"'
    service, state, text = trap.result(trap.variables(told("emailMonDown", emailMonName='"office"',
                                                           emailMonFailureText=quoted)))
    assert text == "down: " + HOSTILE
    with tempfile.TemporaryDirectory() as folder:
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        trap.to_nagios(types.SimpleNamespace(host="watch", pipe=pipe), service, state, text)
        line = os.read(reader, 4096).decode()
        os.close(reader)
    assert line.endswith(f"PROCESS_SERVICE_CHECK_RESULT;watch;mail office;2;down: {HOSTILE}\n"), line
