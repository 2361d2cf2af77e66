"""The pictures of docs/pictures: a week made by report_week, its report, and a browser without a screen.

    ./dev build && apt-get install chromium fonts-dejavu-core && python3 tests/report/picture.py [FOLDER]

FOLDER: where the pictures go (docs/pictures), report-light.png and report-dark.png.  With PAGES in the environment,
other sizes beside them: what the page looks like on a telephone, and printed.
"""

import fcntl
import os
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TREE, "build", "release")
SCHEMES = {"dark": 0, "light": 1}                           # preferredColorScheme, as Blink numbers it
BROWSER = ("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--log-level=3")


def make_page(folder):
    """The report of a week, as if emailmon were running: it holds the lock of its state."""
    week, page = os.path.join(folder, "week"), os.path.join(folder, "report.html")
    subprocess.run([os.path.join(BUILD, "tests", "report", "report_week"), week], check=True)
    with open(os.path.join(week, "state.db.lock"), encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([os.path.join(BUILD, "emailmon"), "report", "-c", os.path.join(week, "emailmon.yaml"),
                        "-o", page], check=True)
    return page


def browse(folder, page, *arguments):
    subprocess.run([*BROWSER, f"--user-data-dir={folder}/browser", *arguments, f"file://{page}"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def take(folder, page, picture, scheme, width, height):
    browse(folder, page, f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--window-size={width},{height}",
           f"--screenshot={picture}")


def main(pictures=os.path.join(TREE, "docs", "pictures")):
    os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = make_page(folder)
        for scheme in SCHEMES:
            take(folder, page, os.path.join(pictures, f"report-{scheme}.png"), scheme, 1120, 960)
            if "PAGES" in os.environ:
                for width in (500, 800, 1920):
                    take(folder, page, os.path.join(pictures, f"report-{scheme}-{width}.png"), scheme, width, 2400)
        if "PAGES" in os.environ:
            browse(folder, page, "--no-pdf-header-footer", f"--print-to-pdf={pictures}/report.pdf")


main(*sys.argv[1:])
