"""Name servers that are silent, slow, gone, or lie: nobody is blamed for it, and the last good addresses serve."""

import fake
from client import DOWN, LOCAL, UNKNOWN
from liar import DENIALS, NO_ANSWERS, TRUTHS, NameServer
from local_faults import KEPT, NAME_SERVER, wait_recovered
from places import wait_for
from program import check_none_is_down, watching

SIDE_BY_SIDE = True

NO_SUCH_NAME = 14             # a cause
RESOLVE = 3                   # a stage


def named(name, ports):
    """A row whose server is known by name alone."""
    row = fake.monitor(name, ports, interval=1)
    row["smtp"]["server"] = row["incoming"]["server"] = f"{name}.test"
    return row


def names_of(kind, lies):
    """{row name: its lie}"""
    return {f"{kind}-{lie}": function for lie, function in lies.items()}


def check_never_known(row):
    """Of a name that was never known: whether four polls have made it what it must be."""
    verdict, polls, leg, cause, text = row
    assert verdict == UNKNOWN, f"{verdict}: {text}"
    if polls <= KEPT:
        return False
    assert (leg, cause) == (LOCAL, NAME_SERVER), row
    return True


def test_name_servers_that_lie():
    """A name server that gives no answer that can be used, in eleven ways, makes rows unknown and never down, with an
    alarm, and rows whose addresses were known stay up; a denial makes a row down; a slow answer and one of a thousand
    records serve; and all come up again when it tells the truth"""
    with fake.serving() as server, NameServer() as names:
        known, never = names_of("known", NO_ANSWERS), names_of("never", NO_ANSWERS)
        denied, odd = names_of("denied", DENIALS), names_of("odd", TRUTHS)
        rows = [named(name, server.ports) for name in (*known, *never, *denied, *odd)]
        rows.append(fake.monitor("healthy", server.ports, interval=1))
        names.lies = {f"{name}.test": lie for name, lie in {**never, **odd}.items()}
        with watching(rows, dns="%s:%d" % names.address) as program:
            index = {name: i for i, name in program.names().items()}
            sound = [index[name] for name in (*known, *denied, "healthy")]
            wait_recovered(program, sound, 15)
            names.lies.update({f"{name}.test": lie for name, lie in {**known, **denied}.items()})

            def all_judged():
                now = program.status("OperStatus", "Polls", "FailureLeg", "FailureCause", "FailureText")
                return all([check_never_known(now[index[name]]) for name in never] +
                           [now[index[name]][0] == DOWN for name in denied])
            wait_for(all_judged, 30, "four polls of unknown names, and denied ones down")
            stages = {name: tuple(program.status("FailureStage", "FailureCause")[index[name]]) for name in denied}
            assert set(stages.values()) == {(RESOLVE, NO_SUCH_NAME)}, stages
            program.wait_alarm("resolver", True)
            program.wait_polls([index[name] for name in known], 2, 30)
            served = [index[name] for name in (*known, *odd, "healthy")]
            check_none_is_down(program, served, "while names were not known")
            wait_recovered(program, served, 1)
            names.lies.clear()
            wait_recovered(program, index.values(), 30)
            program.wait_alarm("resolver", False, 70)
