"""The other way to install: cmake --install."""

import os
import shutil
import subprocess

from places import DIR, TREE

BUILD = os.path.join(TREE, "build", "release")
TARGET = os.path.join(DIR, "installed")
YAML = TARGET + "/etc/emailmon/emailmon.yaml"


def cmake_install():
    subprocess.run(["cmake", "--install", BUILD], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": TARGET})


def test_cmake_install():
    """cmake --install puts everything below DESTDIR, and leaves alone what the administrator has in /etc"""
    shutil.rmtree(TARGET, ignore_errors=True)
    cmake_install()
    for path in ("bin/emailmon", "share/man/man1/emailmon.1", "share/snmp/mibs/EMAIL-MONITOR-MIB.txt",
                 "lib/systemd/system/emailmon.service"):
        assert os.path.exists(f"{TARGET}/usr/local/{path}"), path
    with open(YAML, "a", encoding="utf-8") as file:
        file.write("# mine\n")
    cmake_install()
    with open(YAML, encoding="utf-8") as file:
        assert file.read().endswith("# mine\n")
