"""Certificates by `openssl`: an authority that the program trusts, and leaves that it signs."""

import functools
import os
import ssl
import subprocess
import time

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "build", "hostile", "certs")
FOLDER = os.environ.get("EMAILMON_HOSTILE_CERTS") or os.path.realpath(FOLDER)
CA = os.path.join(FOLDER, "ca.pem")
LIFE_DAYS, FRESH_S = 30, 7 * 86400
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
GOOD = "subjectAltName=DNS:hostile.test,IP:127.0.0.1"


def path(name):
    return os.path.join(FOLDER, name)


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=FOLDER,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


def make_authority(name, subject="/CN=an authority of tests"):
    openssl("req", "-x509", "-nodes", *EC, "-keyout", name + ".key", "-out", name + ".pem", "-days", str(LIFE_DAYS),
            "-subj", subject, "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def make_leaf(name, *extensions, subject="/CN=hostile.test", issuer="ca", days=LIFE_DAYS, key=EC, digest="-sha256"):
    """A certificate that `issuer` signs; `extensions` as in openssl's own files, one a line."""
    with open(path(name + ".ext"), "w", encoding="ascii") as f:
        f.write("\n".join(extensions) + "\n")
    openssl("req", "-new", "-nodes", *key, "-keyout", name + ".key", "-out", name + ".csr", "-subj", subject)
    openssl("x509", "-req", "-in", name + ".csr", "-CA", issuer + ".pem", "-CAkey", issuer + ".key", "-CAcreateserial",
            digest, "-days", str(days), "-extfile", name + ".ext", "-out", name + ".crt")
    with open(path(name + ".pem"), "w", encoding="ascii") as f:
        for part in (name + ".crt", name + ".key"):
            with open(path(part), encoding="ascii") as of:
                f.write(of.read())


def make():
    """All that more than one case needs; made anew before it ends."""
    if os.path.exists(CA) and time.time() - os.path.getmtime(CA) < FRESH_S:
        return
    os.makedirs(FOLDER, exist_ok=True)
    make_authority("ca")
    make_leaf("good", GOOD)


@functools.lru_cache(maxsize=None)
def context(name="good"):
    """A server's context with the leaf of that name."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path(name + ".pem"))
    return made
