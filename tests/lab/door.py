"""A listening port whose connections are served by a thread each."""

import contextlib
import socket
import threading


class Door:
    """From now on `serve(connection)` is called for every connection, in a thread of its own.  Port 0: any; `port` says
    which."""

    def __init__(self, serve, host, port=0):
        self.serve = serve
        self.listener = socket.create_server((host, port), backlog=100)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return                # closed: the test is over
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        """No more connections; those there are go on."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
