"""What the kernel says of a process: processor time and memory."""

import collections
import contextlib
import glob
import os
import time

from processes import memory_kib


def threads_s(pid):
    """{name: user and system time} of the threads that a process has now, to the nanosecond."""
    times = collections.Counter()
    for folder in glob.glob(f"/proc/{pid}/task/*"):
        with contextlib.suppress(OSError), open(folder + "/comm", encoding="utf-8") as comm, \
                open(folder + "/schedstat", encoding="ascii") as stat:
            times[comm.read().strip()] += int(stat.read().split()[0]) / 1e9
    return times


def processor_s(pid):
    """The same of all its threads."""
    return sum(threads_s(pid).values())


def machine_s():
    """Time of all processors in which they worked, for whomever, since the machine's start."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def whole_processor_s(pid):
    """User and system time since its start, that of threads which have ended too; in steps of 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


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
