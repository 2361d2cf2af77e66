"""The bare subagent (bare.c) behind the snmpd that an emailmon has: what Net-SNMP alone would do."""

import contextlib
import subprocess

from client import GET, read_response, variable
from places import TREE, LabError

PROGRAM = f"{TREE}/build/release/tests/bench/bench_bare"
ENTRY = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2526, 1, 1, 1)


def shape(client, names):
    """[(column, tag, octets)] of variables of one row, as emailmon answers them."""
    _, error, _, found = read_response(client.exchange(client.packet(GET, [variable(name) for name in names])))
    assert not error, f"error {error}"
    return [(name[-2], tag, len(content)) for name, tag, content in found]


@contextlib.contextmanager
def serving(master, rows, columns):
    """`columns` as shape() says them."""
    command = [PROGRAM, master.agentx, str(rows), *(f"{number}:{tag}:{n}" for number, tag, n in sorted(columns))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout.readline() != "serving\n":
                raise LabError("the bare subagent does not serve")
            yield
        finally:
            process.terminate()
