"""What a console gets: variables a second of GETBULKs and walks, and how long a GET takes while polls are in flight.

Arguments: how many rows, each its own emailmon; by default 1,000, 10,000 and 100,000, which the figures need.
"""

import contextlib
import statistics
import time

import bare
import fake
import snmp
from client import GET, GET_BULK, STATUS, STATUSES, TABLE, oid, read_response, variable
from places import wait_for
from program import MASTER, Program, watching

ROWS = (1000, 10_000, 100_000)
INTERVAL_S = 300                     # of the rows, while they are walked
SETTLE_S = 120                       # until 100,000 rows are served

TWENTY = [STATUS + (column,) for column in range(1, 21)]
ALL = [TABLE + (column,) for column in range(2, 34)] + [STATUS + (column,) for column in range(1, 52)]
BARE = [bare.ENTRY + (column[-1],) for column in TWENTY]
REQUESTS, TURNS = 100, 5

IN_FLIGHT = (0, 100, 1000)
WATCHED = 1000
REPLY_MS = 1000                      # of the servers: a poll of some fifteen replies is in flight that long
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
PAIRS = 3000


# --- GETBULK and walks ---

def spread(rows, a_request):
    """The row behind which each request of a turn begins: spread over the whole table."""
    return [i * (rows - a_request) // (REQUESTS - 1) for i in range(REQUESTS)]


def rate(client, columns, rows, a_request):
    """Variables a second of a turn of GETBULKs: made before, and looked at after, the time that is taken."""
    starts = spread(rows, a_request)
    packets = [client.packet(GET_BULK, [variable(column + (start,)) for column in columns], 0, a_request)
               for start in starts]
    began = time.perf_counter()
    answers = [client.exchange(packet) for packet in packets]
    took = time.perf_counter() - began
    for start, answer in zip(starts, answers):
        assert oid(columns[-1] + (start + a_request,)) in answer, f"rows behind {start} are not whole"
    return REQUESTS * a_request * len(columns) / took


class Served:
    """An emailmon of many rows behind an snmpd of its own, and a bare subagent beside it."""

    def __init__(self, stack, number, ports, rows):
        self.rows, self.bulk, self.bare, self.walk = rows, [], [], []
        master = stack.enter_context(snmp.Master(MASTER + number))
        monitors = [fake.monitor(f"row{n}", ports, index=n, interval=INTERVAL_S) for n in range(1, rows + 1)]
        self.program = Program(monitors, master, limits={"in_flight": 1000, "per_host": 100})
        stack.callback(self.program.stop)
        self.program.start(wait=False)
        self.program.wait_serving(SETTLE_S)
        self.client = self.program.client
        shape = bare.shape(self.client, [column + (1,) for column in TWENTY])
        stack.enter_context(bare.serving(master, rows, shape))

    def turn(self):
        self.bulk.append(rate(self.client, TWENTY, self.rows, 50))
        self.bare.append(rate(self.client, BARE, self.rows, 50))
        self.walk.append(rate(self.client, ALL, self.rows, 10))

    def result(self):
        bulk, plain, walk = max(self.bulk), max(self.bare), max(self.walk)
        return [self.rows, bulk, plain, bulk / plain, walk, 1e6 * len(ALL) / walk]


def tables(out, sizes):
    with fake.serving() as server, contextlib.ExitStack() as stack:
        served = [Served(stack, number, server.ports, rows) for number, rows in enumerate(sizes)]
        for _ in range(TURNS):
            for one in served:
                one.turn()
        results = [one.result() for one in served]
    out.table(["rows", "GETBULK, variables/s", "bare handler", "ratio", "walk, variables/s", "us a row"], results)
    if tuple(sizes) == ROWS:
        out.figure("walk_growth", results[-1][-1] / results[0][-1])
        out.figure("getbulk", results[-1][3])


# --- GET while polls are in flight ---

def latencies(client):
    """([ms], [ms]): of a variable of emailmon's, and of a scalar of snmpd's own, by turns."""
    took = [], []
    for i in range(PAIRS):
        for name, times in zip((STATUS + (STATUSES["OperStatus"], i % WATCHED + 1), UPTIME), took):
            packet = client.packet(GET, [variable(name)])
            began = time.perf_counter()
            answer = client.exchange(packet)
            times.append(1e3 * (time.perf_counter() - began))
            _, error, _, found = read_response(answer)
            assert not error and found[0][2], f"{name}: error {error}"
    return took


def percentiles(times):
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def beside_polls(flying, server):
    """[median, 99th, the scalar's median, 99th] while so many polls are in flight."""
    rows = [fake.monitor(f"row{n}", server.ports, index=n + 1, interval=1 if n < flying else 86400)
            for n in range(WATCHED)]
    with watching(rows, limits={"in_flight": 1000, "per_host": 1000}) as program:
        wait_for(lambda: (program.scalar("InFlight") or 0) >= flying * 0.95, 60, f"{flying} polls in flight")
        ours, scalar = latencies(program.client)
        still = program.scalar("InFlight")
        assert still >= flying * 0.9, f"{still} polls in flight at the end"
        return [*percentiles(ours), *percentiles(scalar)]


def gets(out):
    results = {}
    with fake.serving() as server:
        server.misbehave("delay", REPLY_MS)
        for flying in IN_FLIGHT:
            results[flying] = beside_polls(flying, server)
    out.table(["polls in flight", "median, ms", "99th", "scalar of snmpd's", "99th"],
              [[flying, *times] for flying, times in results.items()])
    median, most, scalar_median, scalar_most = results[IN_FLIGHT[-1]]
    out.figure("get_median", median - scalar_median)
    out.figure("get_99th", most - scalar_most)


def run(out, *sizes):
    gets(out)
    tables(out, [int(rows) for rows in sizes or ROWS])
