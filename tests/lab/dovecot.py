"""Dovecot: one instance for each set of logins, and one that only delivers.

`auth_mechanisms` holds for a whole instance, hence so many of them.  Delivery (LMTP) and the logins of Postfix have an
instance of their own, so that a test can stop, freeze or anger the mailboxes without touching the way in.

What a wrong password costs: Dovecot answers every later login from the same address late (2, 4, 8, 15 s) until one
succeeds.  Real servers do that, so the lab does it as well, except at the instance `wrong`, where it is switched off.
"""

import os
import signal

import processes
import users
from listeners import BAD_CERTS, LISTENERS, LOGINS, OPEN_IP, PLAIN_IP, SECRETIVE_IP
from places import in_root, wait_for, write

DELIVERY = "delivery"
OLD = "tooold"                 # openssl.cnf holds for a whole instance too
NO_UIDPLUS = "nouidplus"

COMMON = """# made by the lab, instance {name}
base_dir = /run/dovecot-{name}
state_dir = /var/lib/dovecot-{name}
instance_name = {name}
log_path = /var/log/dovecot-{name}.log
protocols = {protocols}
listen = {plain_ip}
mail_location = maildir:~/Maildir
mail_fsync = never
first_valid_uid = 5000
mail_max_userip_connections = 500
default_client_limit = 4000
default_process_limit = 400
default_vsz_limit = 0
recipient_delimiter = +
auth_mechanisms = {mechanisms}
auth_username_chars =
auth_username_format = %Ln
auth_cache_size = 0
ssl_dh =
passdb {{
  driver = passwd-file
  args = username_format=%Ln /etc/lab/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%Ln /etc/lab/users
}}
service stats {{
  client_limit = 4000
}}
"""

# Dovecot's penalty for wrong passwords, and its two seconds for each: off.
NO_PENALTY = """auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 00
  }
}
"""

AUTH_SOCKET = """service auth {{
  unix_listener /var/spool/postfix/private/{socket} {{
    mode = 0666
  }}
}}
"""

DELIVER = """service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0666
  }
}
lmtp_save_to_detail_mailbox = no
protocol lmtp {
  mail_plugins = sieve
  postmaster_address = postmaster@lab.test
}
"""


def instance_of(row):
    """The instance behind a POP3 or IMAP listener."""
    if row.cert == "tooold":
        return OLD
    if row.quirk == NO_UIDPLUS:
        return NO_UIDPLUS
    return row.login


def instances():
    """Name -> mechanisms.  The doors with the login `user` are none of Dovecot's (see oldlogin)."""
    return {
        **{login: LOGINS[login][1] for login in LOGINS if login not in ("noauth", "user")},
        DELIVERY: LOGINS["all"][1],
        OLD: LOGINS["all"][1],
        NO_UIDPLUS: ("PLAIN",),
    }


def rows_of(name):
    return [row for row in LISTENERS.values() if row.protocol != "smtp" and instance_of(row) == name]


def services(rows):
    """A login service a protocol, with an inet_listener a row."""
    text = ""
    for protocol in sorted({row.protocol for row in rows}):
        text += f"service {protocol}-login {{\n  service_count = 0\n  client_limit = 2000\n  process_min_avail = 1\n"
        text += f"  inet_listener {protocol} {{\n    port = 0\n  }}\n"
        text += f"  inet_listener {protocol}s {{\n    port = 0\n  }}\n"
        for row in rows:
            if row.protocol == protocol:
                text += f"  inet_listener {row.key.replace('/', '-')} {{\n    address = {row.host}\n"
                text += f"    port = {row.port}\n    ssl = {'yes' if row.security == 'tls' else 'no'}\n  }}\n"
        text += "}\n"
    return text


def certificate(leaf):
    return f"ssl_cert = </etc/lab/{leaf}.pem\n  ssl_key = </etc/lab/{leaf}.key\n"


def by_address():
    """How each address is secured."""
    text = "ssl = required\n" + certificate("good").replace("  ", "")
    text += "disable_plaintext_auth = no\n"
    text += f"local {PLAIN_IP} {{\n  ssl = no\n}}\n"
    text += f"local {SECRETIVE_IP} {{\n  ssl = no\n  disable_plaintext_auth = yes\n}}\n"
    text += f"local {OPEN_IP} {{\n  ssl = yes\n  disable_plaintext_auth = yes\n}}\n"
    for leaf, ip in BAD_CERTS.items():
        text += f"local {ip} {{\n  {certificate(leaf)}}}\n"
    return text


def config(name, mechanisms):
    rows = rows_of(name)
    protocols = "lmtp" if name == DELIVERY else " ".join(sorted({row.protocol for row in rows}))
    text = COMMON.format(name=name, protocols=protocols, plain_ip=PLAIN_IP, mechanisms=" ".join(mechanisms).lower())
    if name == DELIVERY:
        return text + "ssl = no\n" + DELIVER + AUTH_SOCKET.format(socket="auth")
    text += services(rows) + by_address()
    if name == "wrong":
        text += NO_PENALTY + AUTH_SOCKET.format(socket="auth-wrong")
    if name == OLD:
        text += "ssl_min_protocol = TLSv1\nssl_cipher_list = ALL:@SECLEVEL=0\n"
        text += "import_environment = OPENSSL_CONF=/etc/lab/old-openssl.cnf\n"
    if name == NO_UIDPLUS:
        text += "imap_capability = IMAP4rev1 SASL-IR LITERAL+ ENABLE IDLE NAMESPACE UNSELECT\n"
    return text


OLD_OPENSSL = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = system
[system]
MinProtocol = TLSv1
MaxProtocol = TLSv1.1
CipherString = ALL:@SECLEVEL=0
"""


def configure():
    write("/etc/lab/users", users.passwd_file())
    write("/etc/lab/old-openssl.cnf", OLD_OPENSSL)
    for name, mechanisms in instances().items():
        write(config_path(name), config(name, mechanisms))
    for user in users.passwords():
        make_home(user)


def make_home(user):
    home = in_root(users.home(user))
    os.makedirs(home, exist_ok=True)
    os.chown(os.path.dirname(home), 5000, 5000)
    os.chown(home, 5000, 5000)


def config_path(name):
    return f"/etc/lab/dovecot-{name}.conf"


def pid_file(name):
    return f"/run/dovecot-{name}/master.pid"


def master(name):
    return processes.pid_from(pid_file(name))


def stop(name):
    """Stop one instance and all sessions in it.

    The master goes first, and never wakes up: one that sees its children end starts others, whom nobody would end.
    """
    pid = master(name)
    if pid:
        processes.freeze(pid)
        children = processes.family(pid)[1:]
        processes.end([pid], signal.SIGKILL)
        processes.end(children, timeout_s=2)


def start(name):
    """Start one instance, and wait until its master runs.  `lab.start` waits for the ports."""
    processes.forget_pid(pid_file(name))
    environment = {"OPENSSL_CONF": "/etc/lab/old-openssl.cnf"} if name == OLD else {}
    processes.run("/usr/sbin/dovecot", "-c", config_path(name), **environment)
    wait_for(lambda: master(name), 10, f"Dovecot's instance {name}")
