"""Doors without a server behind them: two accept and never speak, one never even accepts.

A third, CLOSED, is nobody's: it refuses.
"""

import select
import socket

import processes
from listeners import DEAF, SILENT, SILENT_TLS

COMMAND = "lab-silent"


def serve(sockets):
    """Hold every connection to the first two open until its client leaves; do nothing at all with the others."""
    doors, held = sockets[:2], []
    while True:
        ready, _, _ = select.select([*doors, *held], [], [])
        for it in ready:
            if it in doors:
                held.append(it.accept()[0])
            elif has_left(it):
                held.remove(it)
                it.close()


def has_left(client):
    try:
        return not client.recv(4096)
    except ConnectionError:
        return True


def listen(address, backlog):
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(address)
    door.listen(backlog)
    return door


def fill(address):
    """Connections that nobody accepts: with the queue full, the kernel drops the SYN of everybody else."""
    fillers = []
    while True:
        filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        filler.settimeout(0.2)
        fillers.append(filler)
        try:
            filler.connect(address)
        except TimeoutError:
            return fillers


def start():
    doors = [listen(SILENT, 128), listen(SILENT_TLS, 128), listen(DEAF, 0)]
    doors += fill(DEAF)
    processes.start_function(COMMAND, serve, doors)
    for door in doors:
        door.close()
