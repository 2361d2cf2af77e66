"""A terminal for the program: what stands on it, in a size that can change.  It knows the few codes that emailmon
writes; any other is a failure."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from places import wait_for

CODE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")
LINE, BELOW = "K", "J"


class Screen:
    """`command` in a terminal of so many lines and columns."""

    def __init__(self, command, lines=24, columns=100, cwd=None, **environment):
        self.lines, self.columns = lines, columns
        self.raw, self.rest, self.pending = "", "", b""
        self.modes = set()                          # private ones that are on: 1049, 25, 7
        self.colours = False                        # whether any was seen
        self.blank()
        master, slave = pty.openpty()
        self.master = master
        self.resize(lines, columns)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, close_fds=True,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def blank(self):
        self.rows = [" " * self.columns for _ in range(self.lines)]
        self.line = self.column = 0

    def resize(self, lines, columns):
        """As a person does with the mouse: what stands there is kept as far as it fits."""
        self.lines, self.columns = lines, columns
        self.rows = [row[:columns].ljust(columns) for row in self.rows[:lines]]
        self.rows += [" " * columns] * (lines - len(self.rows))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    # --- what comes ---

    def read(self, timeout_s=0.1):
        """Take what comes within the time; False when the program has closed its terminal."""
        if not select.select([self.master], [], [], timeout_s)[0]:
            return True
        try:
            read = os.read(self.master, 1 << 16)
        except OSError:                             # EIO: nobody has it open any more
            return False
        text = self.rest_bytes(read)
        self.raw += text
        self.take(text)
        return bool(read)

    def rest_bytes(self, read):
        """Whole characters; the beginning of one waits for the next read."""
        self.pending += read
        for cut in range(len(self.pending), max(len(self.pending) - 4, -1), -1):
            try:
                text = self.pending[:cut].decode()
            except UnicodeDecodeError:
                continue
            self.pending = self.pending[cut:]
            return text
        raise AssertionError(f"no UTF-8: {read!r}")

    def take(self, text):
        text, self.rest = self.rest + text, ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                code = CODE.match(text, at)
                if code is None:
                    assert len(text) - at < 16, f"an unknown code: {text[at:at + 20]!r}"
                    self.rest = text[at:]
                    return
                self.obey(*code.groups())
                at = code.end()
            else:
                self.put(text[at])
                at += 1

    def obey(self, private, numbers, letter):
        if private:
            assert numbers in ("1049", "25", "7") and letter in "hl", (numbers, letter)
            (self.modes.add if letter == "h" else self.modes.discard)(numbers)
            if numbers == "1049":
                self.blank()
        elif letter == "H" and not numbers:
            self.line = self.column = 0
        elif letter == "m":
            self.colours = self.colours or numbers not in ("", "0")
        elif letter in (LINE, BELOW) and not numbers:
            self.erase(self.line, self.column)
            for line in range(self.line + 1, self.lines if letter == BELOW else self.line):
                self.erase(line, 0)
        else:
            raise AssertionError(f"an unknown code: {private}{numbers}{letter}")

    def erase(self, line, column):
        self.rows[line] = self.rows[line][:column].ljust(self.columns)

    def put(self, letter):
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.line += 1
            if self.line == self.lines:
                self.rows = self.rows[1:] + [" " * self.columns]
                self.line -= 1
        else:
            assert self.column < self.columns, f"longer than {self.columns} columns: {self.rows[self.line]!r}{letter}"
            row = self.rows[self.line]
            self.rows[self.line] = row[:self.column] + letter + row[self.column + 1:]
            self.column += 1

    # --- what a test asks ---

    def text(self):
        return "\n".join(row.rstrip() for row in self.rows).rstrip("\n")

    def wait(self, condition, timeout_s, what):
        """Until `condition(text)` holds; the text."""
        def holds():
            self.read()
            return condition(self.text()) and self.text()
        try:
            return wait_for(holds, timeout_s, what)
        except Exception as error:
            raise AssertionError(f"{error}; there stands:\n{self.text()}") from None

    def end(self, timeout_s=10):
        """Read until it ends by itself: its exit code."""
        until = time.monotonic() + timeout_s
        while self.read():
            assert time.monotonic() < until, f"it does not end; there stands:\n{self.text()}"
        return self.process.wait(timeout_s)

    def interrupt(self):
        """Ctrl-C: the exit code."""
        os.write(self.master, b"\x03")
        return self.end()
