"""`emailmon report`, beside an emailmon that runs and without one."""

import os
import stat

import fake
from emailmon import watching
from page import Page
from places import wait_for

HOSTILE = """<b>"x"&'y'</b>"""


def report(program, *arguments):
    """The page that it prints."""
    code, printed, error = program.run("report", "-o", "-", *arguments)
    assert code == 0 and not error, (code, error)
    page = Page(printed)
    assert not page.wrong, page.wrong
    assert not page.from_elsewhere(), page.from_elsewhere()
    assert not any(tag == "script" for tag, _ in page.tags), "a script"
    return page


def rows_of(server):
    rows = [fake.monitor(name, server.ports, interval=1) for name in ("good", "hostile", "other")]
    rows[1]["name"] = HOSTILE
    rows.append(fake.monitor("zulu", {**server.ports, "smtp": 1}, interval=1))
    return rows


def pictures(page):
    return sum(tag == "svg" for tag, _ in page.tags)


def test_report():
    """`emailmon report` is one page with nothing from elsewhere: who is down and why, worst first, how it was over
    time, events; names and replies are text in it, passwords are not in it; NAME shows some of them"""
    with fake.serving() as server, watching(rows_of(server)) as program:
        program.wait_status(lambda rows: rows["good"]["polls"] >= 3 and rows[HOSTILE]["proof"] == "roundTrip"
                            and rows["zulu"]["verdict"] == "down", "three rows up and one down")
        page = report(program)
        text = page.text()
        assert "3 of 4 monitors are up" in text and "not running" not in text, text
        assert text.index("zulu") < text.index("good"), "not worst first"
        for words in ("connecting: the connection was refused", HOSTILE, "polls, 0 failed: 100 % available", "Sending"):
            assert words in text, (words, text)
        assert "anything" not in text, "a password"
        assert not any(tag == "b" and "x" in page.words for tag, _ in page.tags), "the name is an element"
        assert pictures(page) == 4 * (1 + 1 + 4), pictures(page)
        some = report(program, "*o*d")
        assert "The monitor is up" in some.text() and "zulu" not in some.text(), some.text()
        code, _, error = program.run("report", "-o", "-", "nobody")
        assert code == 1 and error.count("\n") == 1 and "no monitor is called nobody" in error, error
    assert "emailmon is not running: this was so" in report(program).text()


def test_report_file():
    """The page is in its file at once and whole, with a new file's mode; one that cannot be written is a line"""
    with fake.serving() as server, watching(rows_of(server)[:1]) as program:
        path = os.path.join(program.folder, "report.html")
        program.wait_status(lambda rows: rows["good"]["polls"] >= 2, "a row")
        before = os.umask(0o027)
        try:
            code, printed, error = program.run("report", "-o", path)
            assert code == 0 and not printed and not error, (code, printed, error)
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o640, oct(os.stat(path).st_mode)
        with open(path, encoding="utf-8") as file:
            assert not Page(file.read()).wrong
        inode = os.stat(path).st_ino
        assert program.run("report", "-o", path)[0] == 0 and os.stat(path).st_ino != inode, "written in its place"
        assert [name for name in os.listdir(program.folder) if name.startswith("report")] == ["report.html"]
        for wrong in (program.folder, os.path.join(program.folder, "nowhere", "report.html"), "/dev/full"):
            code, _, error = program.run("report", "-o", wrong)
            assert code == 1 and error.count("\n") == 1, (wrong, code, error)
        assert program.run("report", "-o", "/dev/null")[0] == 0
        for device in ("/dev/full", "/dev/null"):
            assert stat.S_ISCHR(os.stat(device).st_mode), f"{device} is a file now"
        code, _, error = program.run("report")
        assert code == 1 and "-o HTML is missing" in error, error


def test_history():
    """`history: 0` in a file that is read again forgets the samples of each row with its next poll, and a later history
    begins anew"""
    with fake.serving() as server, watching(rows_of(server)[:1]) as program:
        def polls():
            text = report(program).text()
            return int(text.split(" polls, ")[0].split()[-1]) if " polls, " in text else 0
        wait_for(lambda: polls() >= 3, 10, "samples")
        program.settings["history"] = 0
        program.write()
        program.reload()
        wait_for(lambda: "keeps no samples" in report(program).text(), 10, "a report without samples")
        before = program.status()["good"]["polls"]
        program.wait_status(lambda rows: rows["good"]["polls"] >= before + 2, "polls")
        program.settings["history"] = "1d"
        program.write()
        program.reload()
        wait_for(lambda: polls() >= 1, 10, "samples again")
        assert polls() < program.status()["good"]["polls"] - before, "samples of before"
