"""SETs that make rows, each on disk when it is answered: one row a PDU and fifty, beside SQLite and Net-SNMP alone."""

import subprocess
import time

import bare
import fake
from client import NO_ERROR, SET, TABLE, Client, read_response, variable
from places import DIR, TREE, LabError
from program import set_cells, watching

TRANSACTIONS = f"{TREE}/build/release/tests/bench/bench_transactions"
OCTETS = 200                    # of text in a row of SQLite's, as there are in a definition
INTERVAL_S = 3600               # polls are no part of it
TURNS = 3
ALONE, MANY, A_PDU = 1500, 10_000, 50


def requests(client, ports, first, count, a_pdu, entry=TABLE):
    """SETs that make the rows from `first` on."""
    def cells(index):
        return [variable(entry + name[len(TABLE):], kind, value)
                for name, kind, value in set_cells(index, f"row{index}", ports, interval=INTERVAL_S)]
    return [client.packet(SET, [cell for index in range(begin, min(begin + a_pdu, first + count))
                                for cell in cells(index)]) for begin in range(first, first + count, a_pdu)]


def rows_a_second(client, packets, count):
    """How many `packets` make of them; what was answered is looked at afterwards."""
    began = time.perf_counter()
    answers = [client.exchange(packet) for packet in packets]
    took = time.perf_counter() - began
    errors = {error for _, error, _, _ in map(read_response, answers)} - {NO_ERROR}
    assert not errors, f"errors {errors}"
    return count / took


def transactions_a_second():
    ran = subprocess.run([TRANSACTIONS, DIR, str(ALONE), str(OCTETS)], capture_output=True, text=True)
    if ran.returncode:
        raise LabError(ran.stderr.strip())
    return float(ran.stdout)


class Turns:
    """Row after row: none is made twice."""

    def __init__(self, client, ports):
        self.client, self.ports, self.next = client, ports, 1

    def make(self, count, a_pdu, entry=TABLE):
        first, self.next = self.next, self.next + count
        return rows_a_second(self.client, requests(self.client, self.ports, first, count, a_pdu, entry), count)


def run(out):
    with fake.serving() as server, watching([]) as program:
        client = Client(program.master, timeout_s=5)
        turns = Turns(client, server.ports)
        turns.make(1, 1)
        cells = set_cells(1, "row1", server.ports)
        with bare.serving(program.master, 0, bare.shape(client, [name for name, _, _ in cells])):
            results = [(turns.make(ALONE, 1), transactions_a_second(), turns.make(ALONE, 1, bare.ENTRY),
                        turns.make(MANY, A_PDU)) for _ in range(TURNS)]
        client.close()
    one, sqlite, memory, fifty = (max(column) for column in zip(*results))
    share = one * (1 / sqlite + 1 / memory)
    out.table(["of", "a second, the best of three"],
              [["SETs of one row, on disk", one], ["one-row transactions of SQLite alone", sqlite],
               ["SETs of one row to a bare subagent", memory], ["rows by SETs of fifty, on disk", fifty]])
    out.figure("set_one", share)
    out.figure("set_fifty", fifty)
