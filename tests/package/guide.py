"""What README.Debian tells an administrator to do: its commands, done to the word."""

import os
import re
import shlex

import machine
import service
from places import TREE

GUIDE = os.path.join(TREE, "debian", "README.Debian")
README = os.path.join(TREE, "README.md")


def commands(section="Installing"):
    """The lines that stand four columns in, below a heading."""
    with open(GUIDE, encoding="utf-8") as guide:
        text = guide.read()
    below = re.search(rf"^{section}\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL).group(1)
    return re.findall(r"^    (\S.*)$", below, re.MULTILINE)


def shown_in_readme():
    """The commands of README.md that stand with the one that installs the package."""
    with open(README, encoding="utf-8") as readme:
        blocks = re.findall(r"^ *```\w*\n(.*?)^ *```$", readme.read(), re.MULTILINE | re.DOTALL)
    return [line.split("  #")[0].strip() for block in blocks if "./emailmon_" in block for line in block.splitlines()]


def follow(line, edit):
    """One command of the guide; what it prints.  `edit(path)`: what somebody does in an editor."""
    words = shlex.split(line)
    if words[0] == "editor":
        edit(words[1])
    elif words[0] == "systemctl":
        service.do(words[1], words[2])
    else:
        return machine.shell(line)
    return ""
