"""What happens to the lab during a soak: a table of disturbances, each with the monitors that it may trouble."""

import os
import signal
from dataclasses import dataclass
from typing import Callable

import dovecot
import names
import postfix
import processes
from places import wait_for
from rows import INSTANCES


@dataclass(frozen=True)
class Disturbance:
    name: str
    begin: Callable                # begin(soak)
    end: Callable                  # end(soak)
    troubles: Callable             # troubles(path): whether it is a reason for that monitor to be down
    certain: bool = False          # it lasts until all whom it troubles are down, and that must not take for ever
    lasts_s: int = 15


def nobody(_):
    return False


def of_instance(name):
    return lambda path: path.dovecot == name


def by_postfix(path):
    return not path.quiet


def logged_in_by_postfix(path):
    return path.auth or not path.quiet      # the instance `delivery` takes the mail of all others too


def by_the_line(path):
    return path.far


# --- servers ---

def freeze(pids):
    processes.kill(pids, signal.SIGSTOP)


def thaw_all(_):
    """Whoever was frozen: children that a master lost or made meanwhile are among them, or need nothing."""
    processes.kill(processes.ours(), signal.SIGCONT)


def restart_dovecot(name):
    dovecot.stop(name)
    dovecot.start(name)


def stop_postfix(_):
    processes.end(processes.family(postfix.master()))


def stop_names(_):
    processes.end(pid for pid, name in processes.ours().items() if name == names.COMMAND)


def of_dovecot(name):
    return [
        Disturbance(f"Dovecot {name} stopped", lambda soak: dovecot.stop(name), lambda soak: dovecot.start(name),
                    of_instance(name), True),
        Disturbance(f"Dovecot {name} restarted", lambda soak: restart_dovecot(name), lambda soak: None,
                    of_instance(name), lasts_s=1),
        Disturbance(f"Dovecot {name} frozen", lambda soak: freeze(processes.family(dovecot.master(name))), thaw_all,
                    of_instance(name), True),
    ]


# --- SNMP, and emailmon itself ---

def restart_snmpd(number):
    def restart(soak):
        pid = soak.program.master.pid()
        os.kill(pid, number)
        wait_for(lambda: not soak.program.master.pid(), 10, "the end of snmpd")
        soak.program.master.start()
        soak.program.wait_serving(10)
    return restart


def signal_emailmon(number):
    return lambda soak: soak.program.process.send_signal(number)


# --- the long line ---

def weather(**how):
    return lambda soak: vars(soak.link).update(how)


def fair_weather(soak):
    soak.link.fair_weather()


ALL = {d.name: d for d in [
    *(d for name in INSTANCES for d in of_dovecot(name)),
    Disturbance("Postfix stopped", stop_postfix, lambda soak: postfix.start(), by_postfix, True),
    Disturbance("Postfix frozen", lambda soak: freeze(processes.family(postfix.master())), thaw_all, by_postfix, True),
    Disturbance("delivery frozen", lambda soak: freeze(processes.family(dovecot.master(dovecot.DELIVERY))), thaw_all,
                logged_in_by_postfix, True),
    Disturbance("line: 300 ms a round trip, 20 kB/s", weather(delay_s=0.15, octets_a_second=20000), fair_weather,
                nobody, lasts_s=25),
    Disturbance("line: a piece in 20 up to 1 s late", weather(delay_s=0.04, stall=0.05, stall_s=1.0), fair_weather,
                nobody, lasts_s=25),
    Disturbance("line: 4 connections of 10 reset", weather(delay_s=0.02, resets=0.4), fair_weather, by_the_line,
                lasts_s=25),
    Disturbance("line: a black hole", weather(black_hole=True), fair_weather, by_the_line, True),
    Disturbance("snmpd restarted (TERM)", restart_snmpd(signal.SIGTERM), lambda soak: None, nobody, lasts_s=5),
    Disturbance("snmpd restarted (KILL)", restart_snmpd(signal.SIGKILL), lambda soak: None, nobody, lasts_s=5),
    Disturbance("the name server away", stop_names, lambda soak: names.start(), nobody),
    Disturbance("emailmon frozen", signal_emailmon(signal.SIGSTOP), signal_emailmon(signal.SIGCONT), nobody,
                lasts_s=10),
]}

# The order of a round; a short soak sees something of everything.
ROUND = [
    "Dovecot plain stopped", "line: 300 ms a round trip, 20 kB/s", "snmpd restarted (TERM)", "line: a black hole",
    "Postfix frozen", "emailmon frozen", "Dovecot all frozen", "line: 4 connections of 10 reset",
    "the name server away", "Dovecot cram-md5 restarted", "Postfix stopped", "line: a piece in 20 up to 1 s late",
    "Dovecot scram-sha-256 stopped", "snmpd restarted (KILL)", "Dovecot plain frozen", "delivery frozen",
    "Dovecot all stopped", "Dovecot scram-sha-256 restarted", "Dovecot cram-md5 frozen", "Dovecot all restarted",
    "Dovecot cram-md5 stopped", "Dovecot plain restarted", "Dovecot scram-sha-256 frozen",
]
assert sorted(ROUND) == sorted(ALL)
