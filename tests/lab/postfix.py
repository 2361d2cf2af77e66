"""Postfix: main.cf from one text, master.cf from the table of listeners.

Nothing leaves the machine: one domain, delivered by LMTP to Dovecot's delivery instance; every other transport is an
error.  Retries come after seconds, so that a mail that had to wait does not make a test wait.
"""

import json

import certs
import processes
import users
from listeners import LISTENERS
from places import wait_for, write

PID_FILE = "/var/spool/postfix/pid/master.pid"

MAIN = """compatibility_level = 3.6
myhostname = lab.test
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = lab.test
virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
virtual_alias_maps =
virtual_transport = lmtp:unix:private/dovecot-lmtp
recipient_delimiter = +
default_transport = error:this lab sends nothing out
relay_transport = error:this lab sends nothing out
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
biff = no
maillog_file = /var/log/postfix.log
in_flow_delay = 0
queue_run_delay = 3s
minimal_backoff_time = 3s
maximal_backoff_time = 3s
transport_retry_time = 2s
lmtp_destination_recipient_limit = 1
lmtp_connect_timeout = 5s
default_process_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_junk_command_limit = 1000
smtpd_delay_reject = no
smtpd_tls_session_cache_timeout = 0
smtpd_relay_restrictions =
smtpd_sender_restrictions = check_sender_access texthash:/etc/postfix/senders
smtpd_recipient_restrictions = check_recipient_access regexp:/etc/postfix/recipients, reject_unauth_destination
smtpd_end_of_data_restrictions = check_recipient_access regexp:/etc/postfix/after_dot
smtpd_sasl_type = dovecot
smtpd_sasl_security_options = noanonymous
broken_sasl_auth_clients = no
# A door with AUTH takes mail from those who logged in, so that a mail that arrived proves the login.
auth_only = check_recipient_access regexp:/etc/postfix/recipients, permit_sasl_authenticated, reject
"""

# Postfix's own processes, as few as the lab needs: name, type, wakeup, limit, command
SERVICES = """pickup     unix n - n 60 1 pickup
cleanup    unix n - n - 0 cleanup
qmgr       unix n - n 300 1 qmgr
tlsmgr     unix - - n 1000? 1 tlsmgr
rewrite    unix - - n - - trivial-rewrite
bounce     unix - - n - 0 bounce
defer      unix - - n - 0 bounce
trace      unix - - n - 0 bounce
verify     unix - - n - 1 verify
flush      unix n - n 1000? 0 flush
showq      unix n - n - - showq
error      unix - - n - - error
retry      unix - - n - - error
discard    unix - - n - - discard
lmtp       unix - - n - - lmtp
anvil      unix - - n - 1 anvil
scache     unix - - n - 1 scache
proxymap   unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
postlog    unix-dgram n - n - 1 postlogd
"""

QUIRKS = {
    "oldfashioned": {"smtpd_discard_ehlo_keywords":
                     "pipelining,size,enhancedstatuscodes,8bitmime,dsn,chunking,smtputf8,etrn,vrfy"},
    "heloonly": {"smtpd_command_filter": "regexp:/etc/postfix/no_ehlo"},
    "optional": {"smtpd_tls_security_level": "may", "smtpd_tls_auth_only": "yes"},
}


def options(row):
    """What makes one listener differ from main.cf."""
    chosen = {"syslog_name": "postfix/" + row.key.replace("/", "-"), "smtpd_tls_security_level": "none"}
    if row.security != "none":
        leaf = "good" if row.cert == "tooold" else row.cert
        chosen["smtpd_tls_security_level"] = "encrypt"
        chosen["smtpd_tls_chain_files"] = f"/etc/lab/{leaf}.key,/etc/lab/{leaf}.pem"
    if row.security == "tls":
        chosen["smtpd_tls_wrappermode"] = "yes"
    if row.cert == "tooold":
        chosen["smtpd_tls_mandatory_protocols"] = ">=TLSv1,<=TLSv1.1"
        chosen["tls_medium_cipherlist"] = "ALL:@SECLEVEL=0"
    if row.mechanisms:
        chosen["smtpd_sasl_auth_enable"] = "yes"
        chosen["smtpd_sasl_path"] = "private/auth-wrong" if row.login == "wrong" else "private/auth"
        chosen["smtpd_sasl_mechanism_filter"] = ",".join(row.mechanisms)
        chosen["smtpd_recipient_restrictions"] = "$auth_only"
    chosen.update(QUIRKS.get(row.quirk, {}))
    return chosen


def master_cf():
    lines = [SERVICES]
    for row in LISTENERS.values():
        if row.protocol == "smtp":
            lines.append(f"{row.host}:{row.port} inet n - n - - smtpd")
            lines.extend(f"    -o {{ {name} = {value} }}" for name, value in options(row).items())
    return "\n".join(lines) + "\n"


def configure():
    write("/etc/postfix/main.cf", MAIN)
    write("/etc/postfix/master.cf", master_cf())
    write("/etc/postfix/mailboxes", "".join(f"{users.address(u)} x\n" for u in users.passwords()))
    write("/etc/postfix/senders", f"{users.REFUSED_SENDER} 550 5.7.1 We take nothing from you\n")
    write("/etc/postfix/recipients",
          "".join(f"/^(.*\\+)?{who}@/ {what}\n" for who, what in users.BEHAVIOURS.items()))
    write("/etc/postfix/after_dot", f"/^(.*\\+)?{users.AFTER_DOT}@/ 554 5.7.1 Refused after reading it\n")
    write("/etc/postfix/no_ehlo", "/^EHLO/ UNKNOWN\n")
    for leaf in certs.leaves():
        for kind in (".key", ".pem"):
            with open(certs.path(leaf + kind), encoding="ascii") as f:
                write("/etc/lab/" + leaf + kind, f.read(), 0o600)


def start():
    """Start it, and wait until its master runs.  `lab.start` waits for the ports."""
    processes.forget_pid(PID_FILE)
    processes.run("/usr/sbin/postfix", "start")
    wait_for(master, 10, "Postfix's master")


def master():
    return processes.pid_from(PID_FILE)


def clear_queue():
    if master():
        processes.run("/usr/sbin/postsuper", "-d", "ALL")


def release_held():
    """Let go of every held mail, and deliver now."""
    processes.run("/usr/sbin/postsuper", "-H", "ALL")
    processes.run("/usr/sbin/postqueue", "-f")


def queue():
    """The queue as one line a mail: name of its queue (held ones: hold) and recipients."""
    listing = processes.run("/usr/sbin/postqueue", "-j")
    mails = [json.loads(line) for line in listing.splitlines() if line.startswith("{")]
    return [(mail["queue_name"], [r["address"] for r in mail["recipients"]]) for mail in mails]
