"""What the event table has told so far, and may not take back: no gap, no repeat, each row's events a chain."""

from client import EVENTS

COLUMNS = [EVENTS + (field,) for field in (3, 4, 5, 6, 7)]     # time, row, name, old, new
AGAIN = 100                   # of those that are known already are read again each time


class History:
    def __init__(self):
        self.known = {}       # number: (time, row, name, old, new)

    def read(self, program, whole=False):
        """Read what is new, compare what is old; the greatest number."""
        last = max(self.known, default=0)
        after = 0 if whole else max(0, last - AGAIN)
        table = program.patient(lambda client: client.walk(*COLUMNS, after=after), "the event table")
        now = {seq: tuple(values) for seq, values in table.items()}
        missing = [seq for seq in self.known if seq > after and seq not in now]
        assert not missing, f"events {missing[:5]} are not in the table any more"
        other = [(seq, self.known[seq], now[seq]) for seq in now if seq in self.known and self.known[seq] != now[seq]]
        assert not other, f"a number was given twice: {other[:3]}"
        self.known.update(now)
        self.check()
        return max(self.known, default=0)

    def check(self):
        numbers = sorted(self.known)
        assert numbers == list(range(1, len(numbers) + 1)), \
            f"a gap: {sorted(set(range(1, numbers[-1] + 1)) - set(numbers))[:10]}"
        last = {}
        for seq in numbers:
            _, row, name, old, new = self.known[seq]
            assert last.get(name, old) == old != new, \
                f"event {seq} of row {row} ({name}): from {old} to {new}, but it was {last.get(name)}"
            last[name] = new

    def of(self, name):
        return [event for _, event in sorted(self.known.items()) if event[2] == name.encode()]
