"""What the kernel says of a process: processor time and memory."""

import contextlib
import glob
import os
import time


def processor_s(pid):
    """User and system time of the threads that a process has now, to the nanosecond."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def whole_processor_s(pid):
    """User and system time since its start, that of threads which have ended too; in steps of 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid, key):
    """A line of its status: VmRSS, VmHWM."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key + ":"))


def resident_kib(pid):
    return memory_kib(pid, "VmRSS")


def peak_kib(pid):
    return memory_kib(pid, "VmHWM")


def least_resident_kib(pid, seconds):
    """The least VmRSS of so long a time: what remains in use while work goes on."""
    end, least = time.monotonic() + seconds, resident_kib(pid)
    while time.monotonic() < end:
        time.sleep(0.2)
        least = min(least, resident_kib(pid))
    return least
