"""A wire between a program and its database that can be cut, slowed, or made to stand still."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator


class Wire:
    """Forwards a local port to a server.

    While cut, nothing passes and nobody is let in. While stalled, nothing passes, nothing is
    refused and nobody is told: packets are acknowledged and go no further. While slow, each packet
    comes later.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        self._held = 0
        self._delay_s = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Stop forwarding without closing anything; what is sent meanwhile arrives later."""
        self._flows.clear()

    def slow(self, delay_s: float) -> None:
        """Let each packet, either way, come so much later."""
        self._delay_s = delay_s

    @property
    def is_holding(self) -> bool:
        """Whether something was sent since `stall` that has not arrived."""
        return self._held > 0

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._is_cut = True
        self._flows.set()
        for each in tuple(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections and what they carry through again."""
        self._is_cut = False
        self._delay_s = 0.0
        self._flows.set()

    def close(self) -> None:
        """End it for good."""
        self.cut()
        # an accept under way would hold the port
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                self._open |= {client, server}
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if self._delay_s:
                    time.sleep(self._delay_s)
                if not self._flows.is_set():
                    self._held += 1
                    self._flows.wait()
                    self._held -= 1
                sink.sendall(data)
        for each in (source, sink):
            self._open.discard(each)
            # closing alone tells the other end nothing while another thread reads from it
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                each.close()


@contextlib.contextmanager
def wire(host: str, port: int) -> Iterator[Wire]:
    """A wire until the block ends."""
    found = Wire(host, port)
    try:
        yield found
    finally:
        found.close()
