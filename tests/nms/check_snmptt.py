"""The file for SNMPTT agrees with the MIB."""

import re

import mib
from check_files import console, must_have_none

EVENT = re.compile(r'^EVENT (\S+) \.(\S+) "Status Events" (\w+)\nFORMAT (.*)$', re.MULTILINE)


def events():
    """[(name, OID, severity, format)]"""
    return EVENT.findall(console("snmptt/emailmon.snmptt.conf"))


def check_every_notification_is_an_event():
    """Each notification of the MIB is an event of SNMPTT, by its name and OID"""
    assert {(name, oid) for name, oid, _, _ in events()} == \
        {(name, mib.oids()[name]) for name in mib.notifications()}


def check_formats_show_what_is_there():
    """A format's $n is an object of the notification, and the comment names each by its number"""
    objects = mib.notifications()
    must_have_none([(name, f"${number}") for name, _, _, text in events()
                    for number in re.findall(r"\$(\d+)", text) if int(number) > len(objects[name])])
    said = re.findall(r"\$(\d) (emailMon\w+)", console("snmptt/emailmon.snmptt.conf"))
    known = {(str(place), name) for of in objects.values() for place, name in enumerate(of, 1)}
    assert {name for _, name in said} == {name for _, name in known} and set(said) <= known, set(said) ^ known


def check_nothing_is_executed():
    """No event hands a text of a mail server to a shell"""
    assert not re.search(r"^(PRE)?EXEC", console("snmptt/emailmon.snmptt.conf"), re.MULTILINE)
