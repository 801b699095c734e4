"""A wire that stands still without breaking: it lets everybody in, takes all and passes nothing."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class StallingWire:
    """Forwards a local port to a server, except while it is stalled."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: list[socket.socket] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Hold back what comes from now on."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let through what was held back, and all that follows."""
        self._flowing.set()

    def close(self) -> None:
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._flowing.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self._flowing.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def stalling_wire(host: str, port: int) -> Iterator[StallingWire]:
    """A wire for the length of a test."""
    found = StallingWire(host, port)
    try:
        yield found
    finally:
        found.close()
