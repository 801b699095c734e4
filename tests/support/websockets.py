"""One WebSocket client for all tests: over a real connection, or the other end of a socket pair."""

import json
import socket
from collections.abc import Iterable
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import Extension, PerMessageDeflate

PATIENCE_S = 60.0


class WebSocketClient:
    """A browser's end of a link; `refused` is the HTTP status where the server said no."""

    def __init__(self, sock: socket.socket, protocol: Connection | WSConnection) -> None:
        self.sock = sock
        self.sock.settimeout(PATIENCE_S)
        self.protocol = protocol
        self.refused: int | None = None
        self.closed: CloseConnection | None = None
        self._accepted = False
        self._text = ""
        self._messages: list[Any] = []
        self._events: list[Event] = []

    @classmethod
    def connected(
        cls,
        port: int,
        target: str,
        headers: Iterable[tuple[str, str]] = (),
        extensions: Iterable[Extension] = (PerMessageDeflate(),),
    ) -> "WebSocketClient":
        """Connect to a server on the loopback and go through the handshake."""
        sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        return cls.over(sock, f"127.0.0.1:{port}", target, headers, extensions)

    @classmethod
    def over(
        cls,
        sock: socket.socket,
        host: str,
        target: str,
        headers: Iterable[tuple[str, str]] = (),
        extensions: Iterable[Extension] = (PerMessageDeflate(),),
    ) -> "WebSocketClient":
        """Go through the handshake with a host on a connection that is there."""
        client = cls(sock, WSConnection(ConnectionType.CLIENT))
        request = Request(
            host=host,
            target=target,
            extensions=list(extensions),
            extra_headers=[(name.encode(), value.encode()) for name, value in headers],
        )
        sock.sendall(client.protocol.send(request))
        while client.refused is None and not client._accepted:
            client._read()
        return client

    def say(self, message: Any) -> None:
        """Send a message as JSON."""
        self.send(TextMessage(json.dumps(message)))

    def send(self, event: Event) -> None:
        """Send anything that the protocol knows."""
        self.sock.sendall(self.protocol.send(event))

    def message(self, *kinds: str) -> Any:
        """The next message of one of these kinds (of any, without a kind); others are dropped."""
        while True:
            while not self._messages:
                self._read()
            message = self._messages.pop(0)
            if not kinds or message["kind"] in kinds:
                return message

    def data(self) -> Any:
        """The next whole chain or change of one."""
        return self.message("full", "delta")

    def event(self) -> Event:
        """The next event that is no message: a pong, a close."""
        while not self._events:
            self._read()
        return self._events.pop(0)

    def close_code(self) -> int:
        """Wait for the server's close and answer its code."""
        while self.closed is None:
            self._read()
        return int(self.closed.code)

    def ended(self) -> bool:
        """Wait until the connection is gone; whatever still comes is read."""
        try:
            while True:
                self._read()
        except ConnectionError:
            return True

    def close(self) -> None:
        """Hang up without a word."""
        self.sock.close()

    def _read(self) -> None:
        data = self.sock.recv(65_536)
        if not data:
            raise ConnectionResetError("the server closed this link")
        self.protocol.receive_data(data)
        for event in self.protocol.events():
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, RejectConnection):
            self.refused = event.status_code
        elif isinstance(event, AcceptConnection):
            self._accepted = True
        elif isinstance(event, Message):
            self._text += str(event.data)
            if event.message_finished:
                whole, self._text = json.loads(self._text), ""
                self._messages.append(whole)
        else:
            if isinstance(event, CloseConnection):
                self.closed = event
            self._events.append(event)
