"""A manager that makes, changes and destroys one row, again and again, and knows what it may look like."""

import threading
import time

from client import DESTROY, NO_ERROR, WRONG_VALUE, Client, cells
from program import set_cells

PAUSE_S = 0.03
# No answer; genErr, of a master whose subagent has gone; commitFailed and undoFailed, of one that was late.
NOBODY_KNOWS = (None, 5, 14, 15)


class Setter(threading.Thread):
    """`may_be`: descriptions that the row may have now; None: there is no row."""

    def __init__(self, master, index, ports):
        super().__init__(daemon=True)
        self.client, self.index, self.ports = Client(master, timeout_s=1.5), index, ports
        self.over, self.awake = threading.Event(), threading.Event()
        self.idle = threading.Event()
        self.may_be, self.version = {None}, 0
        self.answered = self.refused = self.unanswered = 0
        self.errors = set()
        self.awake.set()
        self.start()

    # --- what it asks for ---

    def steps(self):
        """(variables, description afterwards; 0: it must be refused) for ever."""
        while True:
            self.version += 1
            yield set_cells(self.index, f"set{self.index}", self.ports, Description=f"made {self.version}"), \
                f"made {self.version}"
            for _ in range(3):
                self.version += 1
                yield cells(self.index, Description=f"good {self.version}"), f"good {self.version}"
                yield cells(self.index, Description=f"bad {self.version}", Interval=0), 0
            yield cells(self.index, RowStatus=DESTROY), None

    def run(self):
        steps = self.steps()
        while not self.over.is_set():
            if not self.awake.wait(0.1):
                continue
            self.idle.clear()
            again = self.step(*next(steps))
            self.idle.set()
            if again:
                steps = self.steps()
            time.sleep(PAUSE_S)
        self.idle.set()

    def step(self, variables, after):
        """Whether it is to begin anew, because it does not know where it stands."""
        before = self.may_be
        if after != 0:
            self.may_be = before | {after}
        error = self.client.set(variables)
        if error == NO_ERROR and after != 0:
            self.may_be = {after}
            self.answered += 1
            return False
        if error == WRONG_VALUE and after == 0:
            self.refused += 1
            return False
        assert error != NO_ERROR, f"a SET of a bad value to row {self.index} was answered noError"
        if error not in NOBODY_KNOWS:
            self.may_be = before
        self.unanswered += 1
        self.errors.add(error)
        self.awake.clear()                      # until somebody has looked what there is
        return True

    # --- what others ask of it ---

    def pause(self):
        self.awake.clear()
        self.idle.wait(5)

    def check(self, program, when):
        """After a restart: what is there is what it may be; go on from there."""
        assert self.is_alive() or self.over.is_set(), f"row {self.index}: the manager ended; see above"
        self.pause()
        got = program.patient(lambda client: must(client.row(self.index, "Description", "RowStatus")), "a row by SET")
        is_now = None if got[1] is None else got[0].decode()
        assert is_now in self.may_be, f"{when}: row {self.index} is {is_now!r}, and may be {self.may_be}"
        if is_now is not None:
            error = program.patient(lambda client: must([client.set(cells(self.index, RowStatus=DESTROY))]), "destroy")
            assert error == [NO_ERROR], f"{when}: destroy is answered {error}"
        self.may_be = {None}
        self.awake.set()

    def end(self):
        self.over.set()
        self.awake.set()
        self.join()
        self.client.close()


def must(answer):
    """`answer`, if there is one."""
    if answer is None or answer[0:1] == [None] and len(answer) == 1:
        raise TimeoutError("no answer")
    return answer
