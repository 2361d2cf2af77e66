"""Zabbix's template: what it says of the MIB."""

import re

import yaml

import mib
import zabbix_template
from check_files import console

FILE = "zabbix/emailmon.yaml"
TEMPLATE = yaml.safe_load(console(FILE))["zabbix_export"]["templates"][0]
RULES = TEMPLATE["discovery_rules"]
ITEMS = TEMPLATE["items"] + [item for rule in RULES for item in rule["item_prototypes"]]
MAPS = {one["name"]: {int(line["value"]): line["newvalue"] for line in one["mappings"]}
        for one in TEMPLATE["valuemaps"]}


def object_of(item):
    """The object that an item asks for; its name and what stands behind its OID."""
    for name, oid in mib.objects().items():
        if item["snmp_oid"].startswith(oid + "."):
            return name, item["snmp_oid"].removeprefix(oid)
    raise AssertionError(f"{item['key']}: {item['snmp_oid']} is no object of the MIB")


def check_the_template_is_made():
    """The template is what zabbix_template.py makes of its tables and of the MIB"""
    assert console(FILE) == zabbix_template.yaml_text(), "make it anew: see tests/nms/zabbix_template.py"


def check_value_maps_are_the_mibs():
    """Each value map is an enumeration of the MIB, and an item has that of the object it asks for"""
    for item in ITEMS:
        if "snmp_oid" in item:
            name, _ = object_of(item)
            words = MAPS[item["valuemap"]["name"]] if "valuemap" in item else {}
            assert words == mib.enumeration(name) or name == "emailMonAlarms", f"{item['key']}: {words}"
    assert all(MAPS[name] == mib.conventions()[name] for name in MAPS)


def check_instances():
    """A scalar is asked for as such, a column by the index that was discovered"""
    for item in ITEMS:
        if "snmp_oid" in item:
            name, instance = object_of(item)
            scalar = mib.oids()[name].startswith(mib.oids()["emailMonAgent"] + ".")
            assert instance == (".0" if scalar else ".{#SNMPINDEX}"), item["key"]


def check_units():
    """What the MIB counts in milliseconds or days is shown so"""
    for item in ITEMS:
        if "snmp_oid" in item:
            name, _ = object_of(item)
            expected = {"milliseconds": "s", "seconds": "s", "days": "!days"}.get(mib.unit(name), "")
            assert item.get("units", "") == expected, item["key"]


def check_uuids_are_unique():
    """No two entities of the template have one UUID"""
    found = re.findall(r"uuid: '?([0-9a-f]{32})'?$", console(FILE), re.MULTILINE)
    assert len(found) == len(set(found)) > len(ITEMS)
