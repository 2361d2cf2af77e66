"""The server's end of one connection, plain or under TLS, with a record of what the client said in clear."""

import contextlib
import socket
import struct


GATHERED = -1


class Gone(Exception):
    """The conversation is over: the client left, or the script has ended it."""


class Wire:
    """Blocking; a thread of its own serves it.  `piece`: send so many octets at a time; 0: a reply at a time; GATHERED: all
    that is said up to where it must read, at a time."""

    PATIENCE_S = 60

    def __init__(self, connection, piece=0):
        self.socket, self.piece, self.buffer, self.kept = connection, piece, b"", b""
        self.clear, self.inside = bytearray(), bytearray()     # all that the client said outside and inside of TLS
        self.secured = False
        connection.settimeout(self.PATIENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # --- what the client says ---

    def read(self):
        """Some more octets into the buffer; Gone at the end."""
        self.send_kept()
        try:
            got = self.socket.recv(65536)
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None
        if not got:
            raise Gone("the client closed")
        (self.inside if self.secured else self.clear).extend(got)
        self.buffer += got

    def line(self):
        """The next line, without its end."""
        while b"\n" not in self.buffer:
            self.read()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def take(self, n):
        """The next n octets."""
        while len(self.buffer) < n:
            self.read()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def until_gone(self):
        """Read and forget, until the client leaves."""
        with contextlib.suppress(Gone):
            while True:
                self.buffer = b""
                self.read()
        raise Gone("waited for")

    # --- what it is told ---

    def send(self, octets):
        if self.piece == GATHERED:
            self.kept += octets
        else:
            self.send_now(octets, self.piece)

    def send_kept(self):
        kept, self.kept = self.kept, b""
        self.send_now(kept)

    def send_now(self, octets, piece=0):
        step = piece or max(len(octets), 1)
        try:
            for at in range(0, len(octets), step):
                self.socket.sendall(octets[at:at + step])
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None

    def send_urgent(self):
        """An octet of TCP's urgent data, which is none of the stream."""
        with contextlib.suppress(OSError):
            socket.socket.send(self.socket, b"!", socket.MSG_OOB)

    def secure(self, context):
        """The server's side of a handshake."""
        self.send_kept()
        try:
            self.socket = context.wrap_socket(self.socket, server_side=True, suppress_ragged_eofs=True)
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None
        self.secured = True

    def secured_by(self, tls):
        """What stands for the socket now (records.py)."""
        self.socket, self.secured = tls, True

    # --- how it ends ---

    def close(self):
        """FIN (under TLS without close_notify)."""
        self.send_kept()
        with contextlib.suppress(OSError):
            raw = self.raw()
            raw.shutdown(socket.SHUT_RDWR)
            raw.close()
        raise Gone("closed")

    def half_close(self):
        """FIN, and read on."""
        self.send_kept()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_WR)
        self.until_gone()

    def reset(self):
        """RST."""
        with contextlib.suppress(OSError):
            raw = self.raw()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        raise Gone("reset")

    def raw(self):
        """The TCP socket, with no TLS above it any more; what is sent by it is sent in clear."""
        if type(self.socket) is not socket.socket:             # but an SSLSocket, or what stands for one
            self.socket = socket.socket(fileno=self.socket.detach())
            self.socket.settimeout(self.PATIENCE_S)
        self.secured = False
        return self.socket
