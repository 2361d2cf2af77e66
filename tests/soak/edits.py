"""What a busy administrator does meanwhile: the file changed and loaded again, rows made and destroyed by SET."""

import itertools

from client import COMMIT_FAILED, CREATE_AND_GO, DESTROY, NO_ERROR, cells
from places import wait_for
from rows import DIRECT, cells_of, path, row

FIRST_BY_SET, BY_SET = 1000, 4
FIRST_GUEST, GUESTS = 43, 2
ENABLED, DISABLED, POLL = 1, 2, 2
SET_S = 15                    # on a machine that has much else to do


class Edits:
    def __init__(self, soak):
        self.soak, self.numbers = soak, itertools.count(1)
        self.made = []                # indexes of rows by SET, the oldest first
        self.reloads = self.sets = self.late = 0
        soak.program.client.socket.settimeout(SET_S)

    def next(self):
        number = next(self.numbers)
        self.reload(number)
        self.make(number)
        if len(self.made) > BY_SET:
            self.set(cells(self.made.pop(0), RowStatus=DESTROY))
        self.change(self.made[0], number)

    # --- the file ---

    def reload(self, number):
        """Some monitors get another interval, one another text; a guest comes, and an older one goes."""
        rows, program = self.soak.rows, self.soak.program
        for monitor in program.rows[number % 7::37]:
            monitor["interval"] = 5 + (number + len(monitor["name"])) % 3
        program.rows[number % len(DIRECT)]["description"] = f"edit {number}"
        out, inside = DIRECT[number % len(DIRECT)]
        name = f"guest {number}"
        user = f"u{FIRST_GUEST + number % GUESTS}"
        rows.paths[name] = path(user, out, inside)
        program.rows[:] = [r for r in program.rows if r["name"] != f"guest {number - GUESTS}"]
        program.rows.append(row(name, user, out, inside))
        loaded = program.scalar("ConfigLoaded")
        program.reload()
        wait_for(lambda: program.scalar("ConfigLoaded") != loaded, 20, "the file to be loaded again")
        self.reloads += 1

    # --- SET ---

    def set(self, variables):
        """Again when the disk was too slow for it: then nothing was changed."""
        def answered():
            error = self.soak.program.client.set(variables)
            self.late += error == COMMIT_FAILED
            return error != COMMIT_FAILED and [error]
        error = wait_for(answered, 30, "a SET to be done")[0]
        assert error == NO_ERROR, f"a SET is answered {error}: {self.soak.program.scalar('LastSetError')}"
        self.sets += 1

    def make(self, number):
        index, user = FIRST_BY_SET + number, f"u{50 + number % (BY_SET + 1)}"
        name = f"by SET {number}"
        out, inside = DIRECT[[1, 3, 6, 9][number % 4]]
        self.soak.rows.paths[name] = path(user, out, inside)
        self.set(cells(index, **cells_of(number, name, user, out, inside), RowStatus=CREATE_AND_GO))
        self.made.append(index)

    def change(self, index, number):
        self.set(cells(index, Description=f"edit {number}", Interval=5 + number % 3))
        self.set(cells(index, AdminStatus=DISABLED))
        self.set(cells(index, AdminStatus=ENABLED))
        self.set(cells(index, PollNow=POLL))
