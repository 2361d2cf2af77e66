"""A: TCP, names, and time."""

from actions import close, reset, silent
from case import MAIL, WELL, case, every

CASES = [
    case("A01", "A closed port is refused, at once",
         every(MAIL, {}, "connect refused", arm=lambda server: server.stop_listening(), within_s=0.5)),
    case("A04", "A reset right after the connection stands fails at the greeting",
         every(MAIL, {"greeting": reset}, "greeting closed")),
    case("A05", "A server that accepts and never speaks times out at the greeting",
         every(MAIL, {"greeting": silent}, "greeting timedOut")),
]
