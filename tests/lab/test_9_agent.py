"""The agent alone, without worker, store and mail: what real masters, consoles and restarts do to it.

tests/unit/agent/agent_stage.c feeds it monitors and events.
"""

import os
import re
import signal
import time

import snmp
from places import wait_for
from stage import ROWS, Stage

MASTER = 40                     # the number of these tests' own snmpd
BACK_S = 2                      # the table answers again that soon after snmpd does


def arrived(master):
    """The numbers of the events in the order in which their notifications arrived."""
    return [int(trap["emailMonEventSeq"]) for trap in master.traps() if "emailMonEventSeq" in trap]


def wait_arrived(master, count, timeout_s):
    wait_for(lambda: len(set(arrived(master))) >= count, timeout_s, f"{count} notifications")


def names_only(walk):
    """What of a walk does not change from one moment to the next: names and types' worth of values."""
    moving = re.compile(r"(ProofAge|emailMonStarted)")
    return [line for line in walk.splitlines() if line.startswith("EMAIL-MONITOR-MIB::") and not moving.search(line)]


def test_every_version_and_every_bulk_size_sees_the_same_variables():
    """snmpwalk by v1, v2c, v3 and snmpbulkwalk of 1, 7, 50, 500 repetitions see the same variables."""
    with snmp.Master(MASTER) as master, Stage(master, events=40) as stage:
        stage.wait_serving()
        stage.begin()
        wait_arrived(master, 40, 10)
        expected = names_only(master.walk(tool="snmpwalk"))
        assert len(expected) > ROWS * (32 + 50) + 40 * 11, f"{len(expected)} variables"
        assert names_only(master.walk(tool="snmpwalk", way=snmp.V3)) == expected, "v3"
        no_64_bits = [line for line in expected if "emailMonPollsTotal" not in line]     # RFC 3584 s. 4.2.2.1
        assert names_only(master.walk(tool="snmpwalk", way=snmp.V1)) == no_64_bits, "v1"
        for repetitions in (1, 7, 50, 500):
            bulk = names_only(master.walk(options=("-OQU", f"-Cr{repetitions}")))
            assert bulk == expected, f"bulk of {repetitions}"


def test_the_table_is_back_soon_after_a_master():
    """The table answers within two seconds after snmpd is started late, and again after TERM and KILL."""
    with snmp.Master(MASTER) as master:
        master.stop()
        with Stage(master, files=2000) as stage:        # descriptors above 1,024 at that
            for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
                master.start()
                began = time.monotonic()
                stage.wait_serving(BACK_S)
                assert time.monotonic() - began <= BACK_S
                os.kill(master.pid(), number)
                wait_for(lambda: not master.answers(), 5, "the end of snmpd")
            master.start()


def test_no_event_is_lost_in_restarts():
    """1,000 events during five restarts of snmpd all arrive, none twice, and by name."""
    with snmp.Master(MASTER) as master, Stage(master, events=1000, gap_ms=4) as stage:
        stage.wait_serving()
        stage.begin()
        for _ in range(5):
            seen = len(arrived(master))
            wait_for(lambda seen=seen: len(arrived(master)) >= min(seen + 100, 1000), 20, "a hundred more notifications")
            master.stop()
            master.start()
        wait_arrived(master, 1000, 20)
        assert sorted(arrived(master)) == list(range(1, 1001)), "some are missing, or came twice"
        down = next(trap for trap in master.traps() if trap.get("emailMonEventSeq") == "3")
        assert down["snmpTrapOID"].endswith("emailMonDown"), down
        assert down["emailMonFailureCause"] == "permanent" and down["emailMonName"] == "monitor-3", down


def test_a_master_that_hangs_costs_nothing():
    """Events made while snmpd hangs arrive once when it goes on, and the agent ends in time beside one that hangs."""
    with snmp.Master(MASTER) as master, Stage(master, events=200, gap_ms=5) as stage:
        stage.wait_serving()
        os.kill(master.pid(), signal.SIGSTOP)
        try:
            stage.begin()
            time.sleep(3)                               # the time for which it hangs
        finally:
            os.kill(master.pid(), signal.SIGCONT)
        wait_arrived(master, 200, 10)
        assert sorted(arrived(master)) == list(range(1, 201)), "some are missing, or came twice"
        os.kill(master.pid(), signal.SIGSTOP)
        try:
            took = stage.end()
        finally:
            os.kill(master.pid(), signal.SIGCONT)
        assert took < 3, f"it took {took:.1f} s"
