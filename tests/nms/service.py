"""Programs of the private root that a test starts: a console's daemons.

They stay in the foreground and end with the `with` that started them; what they print stands in /var/log of the root.
"""

import subprocess

import processes
from places import ROOT, LabError, in_root, wait_for


def as_user(user, *command):
    """The command line that runs a command as a user of the private root."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command]


class Service:
    """`command`, called `name`, started by `with`.  `ready()` is asked until it says that it serves."""

    def __init__(self, name, command, ready, user=None, timeout_s=30, **environment):
        self.name, self.ready, self.timeout_s = name, ready, timeout_s
        self.command = ["chroot", ROOT, *(as_user(user, *command) if user else command)]
        self.environment = {**processes.ENVIRONMENT, **environment}
        self.log = in_root(f"/var/log/{name}.log")

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                            env=self.environment, start_new_session=True)
        try:
            wait_for(self.serves, self.timeout_s, f"{self.name} to serve")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """Ask it to end; its children may not follow by themselves."""
        members = processes.family(self.process.pid)
        processes.end(members[:1], timeout_s=10)
        processes.end(set(members) & set(processes.ours()))
        self.process.wait()

    def serves(self):
        if self.process.poll() is not None:
            raise LabError(f"{self.name} ended at once ({self.process.returncode}): {self.tail()}")
        return self.ready()

    def tail(self, lines=5):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "\n".join(log.read().splitlines()[-lines:]) or "it said nothing"
