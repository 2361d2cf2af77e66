"""The base modules that EMAIL-MONITOR-MIB imports, into a folder: mibs.py FOLDER.

Debian keeps the IETF's modules out of its main archive, but erlang-snmp carries the few that are needed; the package is
unpacked here, never installed.  NET-SNMP-MIB comes from libsnmp-base in the same way.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Package, where its modules stand in it, and which of them are wanted.
SOURCES = [
    ("erlang-snmp", "usr/lib/erlang/lib/snmp-*/mibs",
     ["SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF", "SNMPv2-MIB", "SNMP-FRAMEWORK-MIB"]),
    ("libsnmp-base", "usr/share/snmp/mibs", ["NET-SNMP-MIB", "NET-SNMP-TC"]),
]
SUFFIXES = ["", ".mib", ".txt"]


class MibError(Exception):
    pass


def unpack(package, folder):
    """Download PACKAGE as apt would, and unpack it into FOLDER."""
    for command in (["apt-get", "download", "-qq", package],):
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if result.returncode != 0:
            last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise MibError(f"cannot download {package} (apt-get update first?): {last}")
    archives = glob.glob(os.path.join(folder, package + "_*.deb"))
    if len(archives) != 1:
        raise MibError(f"apt-get download {package} left {len(archives)} packages behind, not one")
    result = subprocess.run(["dpkg-deb", "-x", archives[0], folder], capture_output=True, text=True)
    if result.returncode != 0:
        raise MibError(f"cannot unpack {package}: {result.stderr.strip()}")


def find(module, folders):
    for folder in folders:
        for suffix in SUFFIXES:
            path = os.path.join(folder, module + suffix)
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    return f.read()
    raise MibError(f"module {module} is not where it was expected")


def collect(target):
    """Write all modules to TARGET, each named as it is imported; nothing is left there when one is missing."""
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)  # apt's own user writes there when apt runs as root
        made = os.path.join(scratch, "made")
        os.mkdir(made)
        for package, where, modules in SOURCES:
            place = os.path.join(scratch, package)
            os.mkdir(place)
            unpack(package, place)
            folders = glob.glob(os.path.join(place, where))
            for module in modules:
                text = find(module, folders)
                if not re.search(rf"^\s*{re.escape(module)}\s+DEFINITIONS", text, re.MULTILINE):
                    raise MibError(f"what {package} has as {module} is no such module")
                with open(os.path.join(made, module), "w", encoding="utf-8") as f:
                    f.write(text)
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        if os.path.isdir(target):
            shutil.rmtree(target)
        shutil.move(made, target)


def main():
    if len(sys.argv) != 2:
        print("usage: mibs.py FOLDER", file=sys.stderr)
        return 2
    try:
        collect(sys.argv[1])
    except (MibError, OSError) as e:
        print(f"mibs: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
