"""What holds for the files of every console."""

import json
import os
import re
import xml.etree.ElementTree

import yaml

import mib

FOLDER = os.path.join(mib.TREE, "config", "consoles")
READERS = {".yaml": yaml.safe_load, ".yml": yaml.safe_load, ".json": json.loads,
           ".xml": xml.etree.ElementTree.fromstring}
OURS = mib.oids()["emailMonMIB"]
WORD = re.compile(r"\bemailMon[A-Z][A-Za-z]*")  # Prometheus puts an _info behind some
OID = re.compile(r"(?<![\d.])\.?" + re.escape(OURS) + r"(?:\.\d+)*")


def files():
    """[(path below config/consoles, its text)]; what is no text, a picture, is left out."""
    for folder, _, names in sorted(os.walk(FOLDER)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                content = f.read()
            if b"\0" not in content and "__pycache__" not in path:
                yield os.path.relpath(path, FOLDER), content.decode("utf-8")


def console(path):
    """What a console's own file says: console("zabbix/template.yaml")."""
    return dict(files())[path]


def must_have_none(wrong):
    assert not wrong, "; ".join(f"{path}: {what}" for path, what in wrong[:10])


def names_an_object(oid):
    """It is a node of the MIB, or an instance of an object of it."""
    known = set(mib.oids().values())
    return oid in known or any(oid.startswith(parent + ".") for parent in mib.objects().values())


def check_every_console_has_its_page():
    """Each console has its page, README.md"""
    pages = {os.path.dirname(path) for path, _ in files() if os.path.basename(path) == "README.md"}
    folders = {path.split(os.sep)[0] for path, _ in files() if os.sep in path}
    must_have_none([(folder, "no README.md") for folder in sorted(folders - pages)])


def check_files_are_well_formed():
    """Every YAML, JSON and XML file for a console can be read"""
    wrong = []
    for path, text in files():
        try:
            READERS.get(os.path.splitext(path)[1], str)(text)
        except (ValueError, yaml.YAMLError, xml.etree.ElementTree.ParseError) as error:
            wrong.append((path, error))
    must_have_none(wrong)


def check_words_are_of_the_mib():
    """Every emailMon... that a console's file names is in the MIB"""
    known = set(mib.oids())
    must_have_none([(path, word) for path, text in files() for word in WORD.findall(text) if word not in known])


def check_oids_are_of_the_mib():
    """Every OID below emailmon's that a console's file names is in the MIB"""
    must_have_none([(path, oid) for path, text in files()
                    for oid in OID.findall(text) if not names_an_object(oid.lstrip("."))])


def check_the_mib_is_read_whole():
    """The checks see the MIB's enumerations as the tables of the source have them"""
    assert mib.conventions()["EmailMonCause"] == mib.table("cause.def", "CAUSE")
    assert mib.conventions()["EmailMonStage"] == mib.table("stage.def", "STAGE")
    assert mib.enumeration("emailMonAlarms")[0] == "state"
    assert "emailMonFailureText" in mib.notifications()["emailMonDown"]
    columns = re.findall(r'STATUS\(\w+, "(\w+)", (\d+)', mib.read("src", "core", "status.def"))
    assert {name: f"{mib.oids()['emailMonStatusEntry']}.{number}" for name, number in columns}.items() \
        <= mib.objects().items()
