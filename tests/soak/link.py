"""A long line before real servers: delay, narrow bandwidth, stalls as of lost packets, resets, and a black hole.

The kernel of a test machine may have no netem, and needs none for this: TCP hides a lost packet behind a pause, and
what a client sees of a bad line is pauses, resets and silence.  One thread with one loop serves all doors.
"""

import asyncio
import contextlib
import random
import threading

from listeners import LISTENERS, PLAIN_IP

PIECE = 1400                   # octets passed on at a time: what a packet holds
QUEUE = 64                     # pieces on the way in one direction; then the sender waits
RESET_WITHIN = 6000            # octets: a poll is some thousand, TLS included


class Link:
    """`ports`: {key of LISTENERS: port of the line before that door}.  The weather may be changed at any time, for
    what is under way too."""

    def __init__(self, keys):
        self.fair_weather()
        self.ports, self.loop = {}, asyncio.new_event_loop()
        self.random = random.Random(1)
        self.loop.run_until_complete(self.listen(keys))
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def fair_weather(self):
        self.delay_s = 0.0            # each way
        self.octets_a_second = None   # each way, each connection
        self.stall = 0.0              # the part of pieces that come late, as after a loss
        self.stall_s = 0.0            # at most so late
        self.resets = 0.0             # the part of connections that are reset at some octet
        self.black_hole = False       # accepted, and never heard of again

    async def listen(self, keys):
        for key in keys:
            server = await asyncio.start_server(lambda r, w, key=key: self.talk(LISTENERS[key], r, w), PLAIN_IP, 0)
            self.ports[key] = server.sockets[0].getsockname()[1]

    async def talk(self, door, reader, writer):
        left = [self.random.randrange(1, RESET_WITHIN) if self.random.random() < self.resets else None]
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection(door.host, door.port)
            try:
                await asyncio.gather(self.carry(reader, far_writer, left, writer),
                                     self.carry(far_reader, writer, left, writer))
            finally:
                far_writer.close()
        writer.close()

    async def carry(self, reader, writer, left, client):
        """One direction.  Pieces overtake none: each is due no sooner than the one before it."""
        pieces = asyncio.Queue(QUEUE)
        sender = asyncio.ensure_future(self.send(pieces, writer, left, client))
        try:
            data = b"-"
            while data:
                data = await reader.read(PIECE)
                await pieces.put((self.loop.time() + self.delay_s + self.late(), data))
            await sender
        finally:
            sender.cancel()

    def late(self):
        return self.random.random() * self.stall_s if self.random.random() < self.stall else 0

    async def send(self, pieces, writer, left, client):
        while True:
            due, data = await pieces.get()
            await asyncio.sleep(due - self.loop.time())
            while self.black_hole:
                await asyncio.sleep(0.1)
            if not data:
                writer.close()        # the other direction goes on until its own end
                return
            if self.octets_a_second:
                await asyncio.sleep(len(data) / self.octets_a_second)
            if left[0] is not None:
                left[0] -= len(data)
                if left[0] < 0:
                    client.transport.abort()
                    raise ConnectionResetError
            writer.write(data)
            await writer.drain()

    def close(self):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)

    @staticmethod
    async def end():
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
