"""EMAIL-MONITOR-MIB as the checks of console files need it: names, OIDs, enumerations, notifications."""

import collections
import os
import re
from functools import cache

TREE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
NET_SNMP_PLAYPEN = "1.3.6.1.4.1.8072.9999.9999"
ASSIGNMENT = r"^(emailMon\w+) +(MODULE-IDENTITY|OBJECT IDENTIFIER|OBJECT-TYPE|NOTIFICATION-TYPE|OBJECT-GROUP|" \
             r"NOTIFICATION-GROUP|MODULE-COMPLIANCE)\b(.*?)::=\s*\{\s*(\w+)\s+(\d+)\s*\}"

Definition = collections.namedtuple("Definition", "macro said oid")


def read(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as f:
        return f.read()


@cache
def text():
    """The module without its descriptions, which may say anything."""
    return re.sub(r'(DESCRIPTION\s+)"[^"]*"', r'\1""', read("mib", "EMAIL-MONITOR-MIB.txt"))


@cache
def definitions():
    """{name: Definition} in the order of the module."""
    found = {"netSnmpPlaypen": Definition("", "", NET_SNMP_PLAYPEN)}
    for name, macro, said, parent, number in re.findall(ASSIGNMENT, text(), re.MULTILINE | re.DOTALL):
        found[name] = Definition(macro, said, f"{found[parent].oid}.{number}")
    return found


def oids():
    """{name: OID} without a dot in front."""
    return {name: definition.oid for name, definition in definitions().items()}


def objects():
    """{name: OID} of what can be read: scalars (without the .0) and columns."""
    return {name: definition.oid for name, definition in definitions().items()
            if re.search(r"MAX-ACCESS\s+(read-only|read-create)", definition.said)}


def notifications():
    """{name: [names of its objects]}"""
    return {name: re.findall(r"\w+", re.search(r"OBJECTS\s*\{(.*?)\}", definition.said, re.DOTALL).group(1))
            for name, definition in definitions().items() if definition.macro == "NOTIFICATION-TYPE"}


def words(said):
    """{number: word} of the enumeration in this text; {} when there is none."""
    listed = re.search(r"SYNTAX\s+(?:INTEGER|BITS)\s*\{(.*?)\}", said, re.DOTALL)
    return {int(number): word for word, number in re.findall(r"(\w+)\((\d+)\)", listed.group(1))} if listed else {}


def unit(name):
    """What an object is counted in: "milliseconds"; "" when nothing is said."""
    said = re.search(r'UNITS\s+"(\w+)"', definitions()[name].said)
    return said.group(1) if said else ""


@cache
def conventions():
    """{EmailMonCause: {number: word}} of every textual convention."""
    return {name: words(said) for name, said in
            re.findall(r"^(\w+) ::= TEXTUAL-CONVENTION(.*?\})", text(), re.MULTILINE | re.DOTALL)}


def enumeration(name):
    """{number: word} of the values of an object; {} when it has none."""
    said = definitions()[name].said
    convention = re.search(r"SYNTAX\s+(EmailMon\w+)", said)
    return conventions()[convention.group(1)] if convention else words(said)


def table(file, macro):
    """{number: word} of a table of the source: table("cause.def", "CAUSE")."""
    rows = re.findall(rf'^{macro}\(\w+, (\d+), "(\w+)"', read("src", "core", file), re.MULTILINE)
    return {int(number): word for number, word in rows}
