"""A console for the machine: it asks the machine's snmpd where that listens, and waits for what it sends."""

import processes
import snmp


class Console(snmp.Master):
    """The tools and the trap receiver of a master, before a snmpd that is started as a service."""

    def __init__(self):
        super().__init__()
        self.port, self.traps_port, self.address = 161, 162, "127.0.0.1:161"

    def __enter__(self):
        self.prepare_traps()
        self.start_traps()
        return self

    def __exit__(self, *_):
        processes.end([self.traps_pid()])
