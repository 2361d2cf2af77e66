"""Who has a mailbox, with which password, and which recipients behave in a way of their own."""

import base64

DOMAIN = "lab.test"
ORDINARY = 60                # u1 .. u60, password secret-u1 .. secret-u60

# user -> password; each one a trap for somebody who quotes, splits or trims.  SASLprep changes none of them.
ODD = {
    "quotes": 'say "hello" \'twice\'',
    "backslash": "back\\slash\\\\end\\",
    "spaces": "two  inner spaces",
    "edges": " leading and trailing ",
    "colon": "a:b::c:",
    "percent": "100%u %n %{user} $HOME",
    "utf8": "pässwörd-Ω-密码-€",
    "literal": "{12}",
    "long": "x" * 200,
    'od"d\\name': "plain-password",   # the name is odd here; mail for it goes to oddname@lab.test
}

# Recipient (also as a +detail of any user: u1+held@lab.test) -> what becomes of the mail
BEHAVIOURS = {
    "refused": "550 5.1.1 No such mailbox here",
    "deferred": "450 4.2.1 Come back later",
    "vanish": "DISCARD",             # accepted, never delivered
    "held": "HOLD",                  # accepted, delivered after mailbox.release_held()
}
AFTER_DOT = "afterdot"               # refused with 554 only after the final dot
REFUSED_SENDER = "refused-sender@" + DOMAIN   # 550 already at MAIL FROM
SPECIAL = [*BEHAVIOURS, AFTER_DOT]   # these have a mailbox too


def passwords():
    """Every user of the lab and the right password."""
    known = {f"u{n}": f"secret-u{n}" for n in range(1, ORDINARY + 1)}
    known.update({name: f"secret-{name}" for name in SPECIAL})
    known.update(ODD)
    return known


def home(user):
    """The folder (in the private root) of a user's mail."""
    return "/var/mail/lab/" + folder(user)


def folder(user):
    return "oddname" if user == 'od"d\\name' else user


def address(user, detail=""):
    """The mail address of a user; address("u1", "held"): a mail for u1 that is held first."""
    return folder(user) + ("+" + detail if detail else "") + "@" + DOMAIN


def passwd_file(others=()):
    """Dovecot's passwd-file.  base64, because a colon separates fields; a name is looked up with its quotes escaped.
    `others`: {user: another password than ever}"""
    lines = []
    for user, password in {**passwords(), **dict(others)}.items():
        secret = base64.b64encode(password.encode()).decode()
        escaped = user.replace("\\", "\\\\").replace('"', '\\"')
        for name in sorted({user, escaped, folder(user)}):
            lines.append(f"{name}:{{PLAIN.b64}}{secret}:5000:5000::{home(user)}::")
    return "\n".join(lines) + "\n"
