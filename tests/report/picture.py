"""The pictures of docs/pictures: a week made by report_week, its report and its status, and a browser without a screen.

    ./dev build && apt-get install chromium fonts-dejavu-core && python3 tests/report/picture.py [FOLDER]

FOLDER: where the pictures go (docs/pictures), report-light.png, report-dark.png and status.png.  With PAGES in the environment,
other sizes beside them: what the page looks like on a telephone, and printed.
"""

import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TREE, "build", "release")
SCHEMES = {"dark": 0, "light": 1}                           # preferredColorScheme, as Blink numbers it
BROWSER = ("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--log-level=3")
COLUMNS, LINES = 100, 40
PROMPT = "$ emailmon status -c emailmon.yaml"
# A terminal, dark as most are; a class for each code of a colour.
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 18px 22px; background: #16191f; color: #d7dae0; font: 15px/1.4 "DejaVu Sans Mono"; }}
pre {{ margin: 0; font: inherit; }}
.c1 {{ font-weight: bold; }} .c2 {{ color: #8a919c; }}
.c31 {{ color: #ff7b72; }} .c32 {{ color: #56d38a; }} .c33 {{ color: #e3b341; }}
</style><pre>{}</pre>"""


def make_week(folder):
    week = os.path.join(folder, "week")
    subprocess.run([os.path.join(BUILD, "tests", "report", "report_week"), week], check=True)
    return week


def make_page(folder, week):
    page = os.path.join(folder, "report.html")
    subprocess.run([os.path.join(BUILD, "emailmon"), "report", "-c", os.path.join(week, "emailmon.yaml"), "-o", page],
                   check=True)
    return page


def on_terminal(command):
    """What a command writes to a terminal, codes included."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    subprocess.run(command, stdin=slave, stdout=slave, check=True, env={**os.environ, "TERM": "xterm-256color",
                                                                        "LC_ALL": "C.UTF-8"})
    os.close(slave)
    written = b""
    try:
        while piece := os.read(master, 65536):
            written += piece
    except OSError:                                         # the end, as a terminal says it
        pass
    os.close(master)
    return written.decode().replace("\r", "")


def coloured(text):
    """HTML in which each code of a colour is a class."""
    def begin(code):
        return f'<span class="{" ".join("c" + number for number in code.group(1).split(";"))}">'
    begun = re.sub(r"\x1b\[([1-9][0-9;]*)m", begin, html.escape(text, quote=False))
    return re.sub(r"\x1b\[0?m", "</span>", begun)


def make_terminal(folder, week):
    """A page that looks as a terminal with the table."""
    page = os.path.join(folder, "status.html")
    shown = on_terminal([os.path.join(BUILD, "emailmon"), "status", "-c", os.path.join(week, "emailmon.yaml")])
    with open(page, "w", encoding="utf-8") as out:
        out.write(TERMINAL.format(coloured(PROMPT + "\n" + shown.rstrip("\n"))))
    return page, len(shown.splitlines()) + 1


def browse(folder, page, *arguments):
    subprocess.run([*BROWSER, f"--user-data-dir={folder}/browser", *arguments, f"file://{page}"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def take(folder, page, picture, scheme, width, height):
    browse(folder, page, f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--window-size={width},{height}",
           f"--screenshot={picture}")


def main(pictures=os.path.join(TREE, "docs", "pictures")):
    os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        week = make_week(folder)
        with open(os.path.join(week, "state.db.lock"), encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)                # as if emailmon were running
            page = make_page(folder, week)
            terminal, lines = make_terminal(folder, week)
        take(folder, terminal, os.path.join(pictures, "status.png"), "dark", 950, 36 + 21 * lines)
        for scheme in SCHEMES:
            take(folder, page, os.path.join(pictures, f"report-{scheme}.png"), scheme, 1200, 1180)
            if "PAGES" in os.environ:
                for width in (500, 800, 1920):
                    take(folder, page, os.path.join(pictures, f"report-{scheme}-{width}.png"), scheme, width, 2400)
        if "PAGES" in os.environ:
            browse(folder, page, "--no-pdf-header-footer", f"--print-to-pdf={pictures}/report.pdf")


main(*sys.argv[1:])
