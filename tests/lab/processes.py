"""Processes of the lab: those whose root is the private root, whoever started them, and no others.

That rule needs no pid file, so it also finds what a crashed runner left behind.  The lab's own small servers (names,
silent ports) follow it too: they chroot before they serve.  Every server is a daemon, never a child of the caller.
"""

import contextlib
import os
import signal
import subprocess
import traceback

from places import ROOT, LabError, in_root, wait_for

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/"}


def run(*command, timeout_s=60, **environment):
    """Run a command in the private root to its end; returns what it printed, LabError when it failed.

    Standard input and output are files, not pipes: a daemon that the command leaves behind may keep them open.
    """
    with open(in_root("/var/log/commands.log"), "a+", encoding="utf-8", errors="replace") as out:
        begin = out.seek(0, os.SEEK_END)
        done = subprocess.run(["chroot", ROOT, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                              timeout=timeout_s, check=False, cwd="/", env={**ENVIRONMENT, **environment})
        out.seek(begin)
        printed = out.read()
    if done.returncode != 0:
        lines = printed.strip().splitlines() or ["it said nothing"]
        raise LabError(f"{command[0]} failed ({done.returncode}): {lines[-1]}")
    return printed


def start_function(name, serve, sockets):
    """Start a daemon of the lab's own: `serve(sockets)`, in the private root, called `name` in /proc/PID/comm.

    Two forks, so that nobody has to wait for it.
    """
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            become_daemon(name, sockets)
            serve(sockets)
    except BaseException:
        with open("/var/log/lab-daemons.log", "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
    finally:
        os._exit(0)


def become_daemon(name, sockets):
    """Leave the caller behind: his descriptors, signal handlers, root and name."""
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    kept = {s.fileno() for s in sockets}
    for descriptor in [int(n) for n in os.listdir("/proc/self/fd")]:
        if descriptor > 2 and descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                pass                    # the one that listed the folder
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(name)
    os.chroot(ROOT)
    os.chdir("/")


def ours():
    """{pid: command name} of every living process in the private root."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{entry}/root") == ROOT:
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as comm:
                    found[int(entry)] = comm.read().strip()
        except OSError:
            continue                    # ended meanwhile, or a zombie
    return found


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def family(pid):
    """`pid` and all its descendants in the private root."""
    parents = {p: parent(p) for p in ours()}
    members = [pid] if pid in parents else []
    for member in members:
        members.extend(child for child, p in parents.items() if p == member)
    return members


def kill(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def end(pids, number=signal.SIGTERM, timeout_s=5):
    """Signal these, wait until they are gone, and kill those that are not by then.  A stopped one is killed."""
    pids = list(pids)
    kill(pids, number)
    kill(pids, signal.SIGCONT)
    try:
        wait_for(lambda: not set(pids) & set(ours()), timeout_s, "processes to end")
    except LabError:
        kill(set(pids) & set(ours()), signal.SIGKILL)
        wait_for(lambda: not set(pids) & set(ours()), 5, "killed processes to end")


def end_all():
    """End the whole lab.  Masters may start children meanwhile, so ask until nobody is left."""
    for _ in range(10):
        left = ours()
        if not left:
            return
        end(left, signal.SIGTERM, 2)
    raise LabError(f"{len(ours())} processes of the lab do not end")


def pid_from(path):
    """The living process of ours that a pid file of the private root names, or 0."""
    try:
        with open(in_root(path), encoding="ascii") as f:
            pid = int(f.read().strip() or 0)
    except (FileNotFoundError, ValueError):
        return 0
    return pid if pid in ours() else 0


def forget_pid(path):
    """A pid file of a killed master may name a stranger or a zombie by now, and a new master would believe it."""
    if not pid_from(path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(in_root(path))


def status_line(pid, key):
    """What the kernel says of it."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return next(line.split(maxsplit=1)[1] for line in status if line.startswith(key + ":"))


def memory_kib(pid, key):
    """VmRSS, VmHWM, VmData."""
    return int(status_line(pid, key).split()[0])


def freeze(pid):
    """It stands still when this returns: the signal alone leaves it some time on another processor."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: status_line(pid, "State").startswith("T"), 5, f"process {pid} to stand still")


@contextlib.contextmanager
def stopped(pid):
    """It stands still meanwhile."""
    freeze(pid)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
