"""A snmptrapd of a console's own, and notifications that no emailmon has sent."""

import os
import socket

import snmp
from places import in_root, write
from service import Service

HOST, PORT = "127.0.0.1", 29162
ADDRESS = f"{HOST}:{PORT}"
FOLDER = "/run/console-traps"


def listens():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        try:
            ours.bind((HOST, PORT))
        except OSError:
            return True
    return False


def receiver(configuration, user=None):
    """snmptrapd with these lines of snmptrapd.conf."""
    os.makedirs(in_root(FOLDER), exist_ok=True)
    os.chmod(in_root(FOLDER), 0o777)
    write(FOLDER + "/snmptrapd.conf", configuration + f"\n[snmp] persistentDir {FOLDER}\n")
    return Service("snmptrapd", ["/usr/sbin/snmptrapd", "-f", "-C", "-c", FOLDER + "/snmptrapd.conf", "-Lo", "-n",
                                 "-m", "", "udp:" + ADDRESS], listens, user)


def send(kind, *variables):
    """A notification: kind 4 is emailMonCertExpiring; each variable (OID below emailmon's objects, type, value)."""
    root = snmp.SUBTREE
    words = [word for oid, letter, value in variables for word in (f"{root}.1.{oid}", letter, value)]
    snmp.ask("snmptrap", ADDRESS, snmp.V2C, ["", f"{root}.0.{kind}", *words])
