"""The private root: Debian's mail and SNMP servers, unpacked where they disturb nobody.

Made once by mmdebstrap (about half a minute) from the machine's own apt sources, kept, and stamped with the list of
packages.  mmdebstrap takes down every mount that it makes.  A folder of the lab's kind ($EMAILMON_LAB_DIR) has one
root; tests that need other packages have a folder of their own.
"""

import os
import shutil
import signal
import subprocess
import tempfile

from places import DIR, ROOT, STAMP, LabError

SUITE = "bookworm"
SNMP = ["snmpd", "snmptrapd"]             # what snmp.py starts
PACKAGES = [
    "postfix", "dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd", "dovecot-sieve", "libsasl2-modules", *SNMP,
]
LOG = os.path.join(DIR, "root.log")


def need_root():
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it runs mail servers in a private root (chroot)")


def stamp(packages):
    return " ".join([SUITE, *packages]) + "\n"


def is_built(packages=PACKAGES):
    try:
        with open(STAMP, encoding="ascii") as f:
            return f.read() == stamp(packages)
    except FileNotFoundError:
        return False


def stanzas(text):
    """The paragraphs of apt's own format as dictionaries."""
    for paragraph in text.strip().split("\n\n"):
        yield dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line)


def sources():
    """One-line sources for SUITE, from what the machine's apt uses: mirrors, keys, trust and all."""
    listing = subprocess.run(["apt-get", "indextargets"], capture_output=True, text=True, check=True).stdout
    lines = set()
    for target in stanzas(listing):
        if target.get("Created-By") != "Packages" or not target.get("Codename", "").startswith(SUITE):
            continue
        if target.get("Origin", "Debian") != "Debian":
            continue
        options = []
        if target.get("Trusted") == "yes":
            options.append("trusted=yes")
        if "Signed-By" in target:
            options.append("signed-by=" + target["Signed-By"])
        option = f"[{' '.join(options)}] " if options else ""
        lines.add(f"deb {option}{target['Repo-URI']} {target['Codename']} {target['Component']}")
    if not lines:
        raise LabError(f"apt knows no {SUITE} sources: run apt-get update")
    return sorted(lines)


def build(packages=PACKAGES):
    """Make the root unless it is there already.  Returns True when it was made."""
    need_root()
    if is_built(packages):
        return False
    if not shutil.which("mmdebstrap"):
        raise LabError("mmdebstrap is missing: ./dev deps installs it")
    os.makedirs(DIR, exist_ok=True)
    remove()
    with tempfile.NamedTemporaryFile("w", suffix=".list", dir=DIR) as listing:
        listing.write("\n".join(sources()) + "\n")
        listing.flush()
        command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--include=" + ",".join(packages), SUITE, ROOT,
                   listing.name]
        if run_to_its_end(command) != 0:
            raise LabError(f"mmdebstrap failed: see {LOG}")
    with open(STAMP, "w", encoding="ascii") as f:
        f.write(stamp(packages))
    return True


def run_to_its_end(command):
    """Its exit code.  Interrupted, it takes down its mounts before it ends: so it is asked to end, and awaited."""
    with open(LOG, "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def mounts_below(path):
    with open("/proc/self/mounts", encoding="utf-8") as f:
        return [line.split()[1] for line in f if line.split()[1].startswith(path + "/")]


def remove():
    """Forget the root.  Refuses to descend into a mount that somebody else made there."""
    found = mounts_below(ROOT)
    if found:
        raise LabError(f"something is mounted at {found[0]}: unmount it first")
    if os.path.exists(STAMP):
        os.unlink(STAMP)
    shutil.rmtree(ROOT, ignore_errors=True)
