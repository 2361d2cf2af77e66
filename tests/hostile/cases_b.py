"""B: lines and replies."""

from actions import flood
from case import MAIL, case, every

CASES = [
    case("B01", "A line without an end is cut off at its cap",
         every(MAIL, {"greeting": flood(b"x" * 1024)}, "greeting oversize"),
         every(MAIL, {"mail": flood(b"x" * 1024), "stat": flood(b"x" * 1024), "select": flood(b"x" * 1024)},
               {"smtp": "mailFrom oversize", "pop3": "search oversize", "imap": "select oversize"}, security="tls")),
]
