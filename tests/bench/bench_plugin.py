"""What one delivery check of the plugin check_email_delivery costs in processor time, beside a poll of emailmon.

The plugin is that of Debian's monitoring-plugins-contrib, which runs two others: one sends a mail, the other finds it by
IMAP and deletes it.  Packages are unpacked in build/plugin, not installed.
"""

import os
import resource
import shlex
import subprocess

import bench_poll
import mibs
from places import TREE, LabError

FOLDER = f"{TREE}/build/plugin"
PACKAGES = ("monitoring-plugins-contrib", "libmail-imapclient-perl", "libnet-smtp-ssl-perl", "libio-socket-ssl-perl",
            "libparse-recdescent-perl", "libemail-simple-perl", "libemail-date-format-perl")
PLUGINS = f"{FOLDER}/usr/lib/nagios/plugins"
CHECKS = 10


def unpack():
    """All packages, once."""
    done = f"{FOLDER}/unpacked"
    if os.path.exists(done):
        return
    os.makedirs(FOLDER, exist_ok=True)
    for package in PACKAGES:
        try:
            mibs.unpack(package, FOLDER)
        except mibs.MibError as error:
            raise LabError(str(error)) from error
    with open(done, "w", encoding="ascii"):
        pass


def check(ports, tls, authority):
    """One check; its processor time in us, that of the plugins that it runs included."""
    secure = ["--ssl"] if tls else []
    send = [f"{PLUGINS}/check_smtp_send", "-H", "127.0.0.1", "--port", str(ports["smtp"]), "--mailto", "plugin@fake.test",
            "--mailfrom", "emailmon@lab.test", "--header", "Subject: probe %TOKEN1%", *secure]
    find = [f"{PLUGINS}/check_imap_receive", "-H", "127.0.0.1", "--port", str(ports["imap"]), "-U", "plugin",
            "-P", "anything", "-s", "SUBJECT", "-s", "probe %TOKEN1%", *secure]
    command = [f"{PLUGINS}/check_email_delivery", "--wait", "0", "-p", shlex.join(send), "-p", shlex.join(find)]
    environment = {**os.environ, "PERL5LIB": f"{FOLDER}/usr/share/perl5", "SSL_CERT_FILE": authority}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        raise LabError(f"check_email_delivery ends with {ran.returncode}: {ran.stdout.strip()} {ran.stderr.strip()}")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6


def run(out):
    unpack()
    lines = []
    for figure, name in ("plugin_plain", "IMAP"), ("plugin_tls", "IMAP, TLS"):
        variant = bench_poll.VARIANTS[name]
        with bench_poll.serving(variant) as (server, authority):
            plugin = min(check(server.ports, variant.tls, authority) for _ in range(CHECKS))
            deleted = server.counted("mails deleted")
            assert deleted == CHECKS, f"the plugin deleted {deleted} mails in {CHECKS} checks"
            poll = min(bench_poll.emailmon(server, authority, variant)["all"] for _ in range(bench_poll.TURNS))
        lines.append((name, plugin, poll, plugin / poll))
        out.figure(figure, poll / plugin)
    out.table(("", "check_email_delivery, us a check", "emailmon, us a poll", "times"), lines)
