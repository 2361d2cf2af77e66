"""Where a password stands in the memory of a running program: as it is, or in base64, whole or in part.

Memory that was freed is searched as well, which is the point: allocators keep it, and overwrite only its first octets.
So what is looked for are pieces; those that lie where one and the same copy would have them count once.
"""

import base64
import re
import secrets
from dataclasses import dataclass

import processes

PAGE = 4096
EMPTY_PAGE = bytes(PAGE)
PIECE, STEP = 10, 11          # by chance 10 octets of a random password stand nowhere; 21 hold a whole piece


def random_password(octets):
    """Random letters and digits: nothing that an encoding would change."""
    return re.sub("[-_]", "x", secrets.token_urlsafe(octets))[:octets]


@dataclass(frozen=True)
class Copy:
    form: str                 # "plain", or "base64" with its alignment
    where: str                # the mapping: [heap], [stack], a library, "" (anonymous)
    address: int

    def __str__(self):
        return f"{self.form} in {self.where or 'anonymous memory'} at {self.address:x}"


def forms(password):
    """{form: octets}: base64 at each of three alignments, without the characters that depend on its neighbours."""
    made = {"plain": password.encode()}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + password.encode())
        made[f"base64+{shift}"] = coded[4 if shift else 0:-4]
    return made


def mappings(pid):
    """[(begin, end, name)] of all memory that can be written."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            span, rights, _, _, _, *name = line.split(maxsplit=5)
            if rights.startswith("rw"):
                begin, _, end = span.partition("-")
                yield int(begin, 16), int(end, 16), name[0].strip() if name else ""


def used(data):
    """[(offset, octets)] of the runs of pages that are not all zero: most of what is mapped was never touched."""
    begin = None
    for at in range(0, len(data) + PAGE, PAGE):
        empty = data[at:at + PAGE] in (EMPTY_PAGE, b"")
        if empty and begin is not None:
            yield begin, data[begin:at]
            begin = None
        elif not empty and begin is None:
            begin = at


def shown(data, passwords):
    """Those of `passwords` of which a piece, in any form, stands in some octets."""
    return [password for password in passwords
            if any(True for octets in forms(password).values() for _ in find_in(data, octets))]


def find_in(data, octets):
    """The places where a whole copy would begin, from any of its pieces."""
    for offset in range(0, len(octets) - PIECE + 1, STEP):
        piece, at = octets[offset:offset + PIECE], -1
        while (at := data.find(piece, at + 1)) >= 0:
            yield at - offset


def copies(pid, passwords):
    """{password: {Copy}} of those that stand anywhere."""
    found = {password: set() for password in passwords}
    wanted = {password: forms(password) for password in passwords}
    with processes.stopped(pid), open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end, name in mappings(pid):
            memory.seek(begin)
            try:
                data = memory.read(end - begin)
            except OSError:
                continue              # [vvar] and the like
            for offset, part in used(data):
                for password, octets_of in wanted.items():
                    for form, octets in octets_of.items():
                        found[password] |= {Copy(form, name, begin + offset + at) for at in find_in(part, octets)}
    return found
