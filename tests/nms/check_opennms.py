"""The events for OpenNMS agree with the MIB."""

import re
import xml.etree.ElementTree as tree

import mib
from check_files import console, must_have_none

NAMESPACE = {"n": "http://xmlns.opennms.org/xsd/eventconf"}


def events():
    """[(notification, severity, the event's element)]: the last number of a notification's OID is its `specific`."""
    for event in tree.fromstring(console("opennms/emailmon.events.xml")).findall("n:event", NAMESPACE):
        mask = {element.findtext("n:mename", namespaces=NAMESPACE): element.findtext("n:mevalue", namespaces=NAMESPACE)
                for element in event.iterfind("n:mask/n:maskelement", NAMESPACE)}
        assert mask["id"] == "." + mib.oids()["emailMonMIB"] and mask["generic"] == "6", mask
        oid = f"{mib.oids()['emailMonNotifications']}.{mask['specific']}"
        name = next(name for name in mib.notifications() if mib.oids()[name] == oid)
        yield name, event.findtext("n:severity", namespaces=NAMESPACE), event


def check_every_notification_has_its_severity():
    """OpenNMS calls each notification what the pages say, an expired certificate before one that ends soon"""
    assert [(name, severity) for name, severity, _ in events()] == [
        ("emailMonDown", "Critical"), ("emailMonUp", "Normal"), ("emailMonUnknown", "Warning"),
        ("emailMonCertExpiring", "Critical"), ("emailMonCertExpiring", "Critical"), ("emailMonCertExpiring", "Warning")]


def check_up_clears_down_and_unknown():
    """OpenNMS clears by Up what Down and Unknown have raised"""
    alarms = {name: event.find("n:alarm-data", NAMESPACE).attrib for name, _, event in events()}
    assert alarms["emailMonUp"]["clear-key"] == alarms["emailMonDown"]["reduction-key"] \
        == alarms["emailMonUnknown"]["reduction-key"]


def check_parameters_are_objects():
    """Each %parm[#n]% of an event is an object of its notification"""
    must_have_none([(name, number) for name, _, event in events()
                    for number in re.findall(r"parm\[#(\d+)\]", tree.tostring(event, "unicode"))
                    if int(number) > len(mib.notifications()[name])])
