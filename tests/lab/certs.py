"""Certificates: a root, an intermediate, and one leaf for each thing that can be wrong with a leaf.

Made anew a month before they end, so that nobody has reason to warn, and when the table of leaves has changed.  A client of the lab trusts CA
alone.
"""

import hashlib
import os
import subprocess
import time

from listeners import BAD_CERTS, LISTENERS, NAMES
from places import CERTS

CA = os.path.join(CERTS, "ca.pem")            # what a client of the lab must trust
DAYS, SPARE_DAYS = 60, 30                     # life of everything that has not expired; what is left of it at least

EXTENSIONS = """[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:false
keyUsage = digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = %s
"""


def good_names():
    """All names and addresses whose listeners show the good certificate (TLS too old: the certificate is not why)."""
    hosts = {row.host for row in LISTENERS.values() if row.cert in ("good", "tooold")}
    return sorted(name for name, ip in NAMES.items() if ip in hosts), sorted(hosts)


def leaves():
    """Leaf -> (names, addresses, who signs it)."""
    return {
        "good": (*good_names(), "intermediate"),
        "expired": (["expired.lab.test"], [BAD_CERTS["expired"]], "intermediate"),
        "wrongname": (["other.example"], ["192.0.2.1"], "intermediate"),
        "selfsigned": (["selfsigned.lab.test"], [BAD_CERTS["selfsigned"]], "itself"),
        "untrusted": (["untrusted.lab.test"], [BAD_CERTS["untrusted"]], "stranger"),
    }


def path(name):
    return os.path.join(CERTS, name)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd=CERTS,
                   env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": CERTS})


def request(name, subject):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key",
            "-out", name + ".csr", "-subj", subject)


def self_sign(name, section):
    openssl("x509", "-req", "-in", name + ".csr", "-signkey", name + ".key", "-out", name + ".crt", "-days", str(DAYS),
            "-extfile", name + ".ext", "-extensions", section)


def utc(time_s):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time_s))


def sign(name, issuer, section, first_s, last_s):
    """`openssl x509` knows no start in the past; `openssl ca` does, and wants a folder of its own."""
    config = f"""[ca]
default_ca = it
[it]
database = {issuer}.index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
"""
    with open(path(issuer + ".cnf"), "w", encoding="ascii") as f:
        f.write(config)
    with open(path(issuer + ".index"), "a", encoding="ascii"):
        pass
    openssl("ca", "-batch", "-notext", "-config", issuer + ".cnf", "-cert", issuer + ".crt",
            "-keyfile", issuer + ".key", "-in", name + ".csr", "-out", name + ".crt",
            "-startdate", utc(first_s), "-enddate", utc(last_s),
            "-extfile", name + ".ext", "-extensions", section)


def write_extensions(name, alternatives):
    with open(path(name + ".ext"), "w", encoding="ascii") as f:
        f.write(EXTENSIONS % alternatives)


def make_authority(name, subject, issuer=None):
    now = time.time()
    request(name, subject)
    write_extensions(name, "DNS:unused")
    if issuer:
        sign(name, issuer, "ca", now - 86400, now + DAYS * 86400)
    else:
        self_sign(name, "ca")


def make_leaf(name, names, addresses, issuer):
    now = time.time()
    request(name, "/CN=" + names[0])
    write_extensions(name, ",".join(["DNS:" + n for n in names] + ["IP:" + a for a in addresses]))
    if issuer == "itself":
        self_sign(name, "leaf")
    elif name == "expired":
        sign(name, issuer, "leaf", now - 10 * 86400, now - 86400)
    else:
        sign(name, issuer, "leaf", now - 86400, now + DAYS * 86400)


def write_chain(name, issuer):
    """What the server shows: the leaf, and the intermediate when that has signed it."""
    parts = [name] + (["intermediate"] if issuer == "intermediate" else [])
    with open(path(name + ".pem"), "w", encoding="ascii") as out:
        for part in parts:
            with open(path(part + ".crt"), encoding="ascii") as f:
                out.write(f.read())


def stamp():
    """Changes with the table of leaves, and before the certificates end."""
    generation = int(time.time() // ((DAYS - SPARE_DAYS) * 86400))
    return hashlib.sha256(f"{generation} {sorted(leaves().items())}".encode()).hexdigest()


def make():
    """Make all certificates, unless they are there and good for another month."""
    try:
        with open(path("stamp"), encoding="ascii") as f:
            if f.read() == stamp():
                return
    except FileNotFoundError:
        pass
    os.makedirs(CERTS, exist_ok=True)
    for name in os.listdir(CERTS):
        os.unlink(path(name))
    make_authority("root", "/CN=emailmon lab root")
    make_authority("intermediate", "/CN=emailmon lab intermediate", "root")
    make_authority("stranger", "/CN=a root that nobody trusts")
    for name, (names, addresses, issuer) in leaves().items():
        make_leaf(name, names, addresses, issuer)
        write_chain(name, issuer)
    os.link(path("root.crt"), CA)
    with open(path("stamp"), "w", encoding="ascii") as f:
        f.write(stamp())
