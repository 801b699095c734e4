"""One WebSocket to the broker's ticker: handshake, whole messages in, requests out.

The official client needs a Twisted reactor, which starts once a process, sends no pings, notices
no dead link and decodes packet by packet; this one blocks in one thread and hands out frames.
"""

import json
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from app.kite.errors import BrokerError, LoginNeededError, TooManyRequestsError

_CONNECT_TIMEOUT_S = 10.0
_RECEIVE_BYTES = 262_144
_MOST_BYTES = 16 * 2**20
_FORBIDDEN, _TOO_MANY = 403, 429
_ACKNOWLEDGE_MS = 10_000


@dataclass
class Wire:
    """An open connection; `messages()` yields what arrives, each whole."""

    sock: socket.socket
    protocol: WSConnection
    _events: list[Event] = field(default_factory=list)

    @classmethod
    def opened(cls, root: str, api_key: str, access_token: str) -> "Wire":
        """Connect and agree on WebSocket.

        Raises LoginNeededError when the token is refused, TooManyRequestsError when the broker
        asks to wait, BrokerError for any other refusal, OSError when nobody answers. No message
        holds the token, which stands in the address.
        """
        place = urlsplit(root)
        secure = place.scheme == "wss"
        port = place.port or (443 if secure else 80)
        host = place.hostname or ""
        sock = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
        try:
            _watch_over(sock)
            if secure:
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            wire = cls(sock, WSConnection(ConnectionType.CLIENT))
            target = "/?" + urlencode({"api_key": api_key, "access_token": access_token})
            headers = [(b"x-kite-version", b"3")]
            request = Request(host=place.netloc, target=target, extra_headers=headers)
            sock.sendall(wire.protocol.send(request))
            wire._await_acceptance()
        except BaseException:
            sock.close()
            raise
        return wire

    def send(self, message: Sequence[object]) -> None:
        """Send one request, (action, value)."""
        action, value = message
        text = json.dumps({"a": action, "v": value}, separators=(",", ":"))
        self.sock.sendall(self.protocol.send(TextMessage(text)))

    def messages(self, timeout_s: float) -> Iterator[bytes | str | None]:
        """Whole messages for ever: bytes, text, and None whenever `timeout_s` pass in silence.

        Raises ConnectionError when the connection ends.
        """
        self.sock.settimeout(timeout_s)
        parts: list[bytes | str] = []
        size = 0
        while True:
            if not self._events and not self._received():
                yield None
                continue
            event = self._events.pop(0)
            if isinstance(event, BytesMessage | TextMessage):
                parts.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
                size += len(parts[-1])
                if size > _MOST_BYTES:
                    raise ConnectionError("a message without end")
                if event.message_finished:
                    # a message is of one kind from its first part to its last
                    yield type(parts[0])().join(parts)  # type: ignore[arg-type]
                    parts, size = [], 0
            elif isinstance(event, Ping):
                self.sock.sendall(self.protocol.send(event.response()))
            elif isinstance(event, CloseConnection):
                raise ConnectionError(f"closed by the broker ({event.code})")

    def hang_up(self) -> None:
        """End the connection from any thread; whoever reads it gets ConnectionError and closes."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up and let go of the socket: for the thread that reads it."""
        self.hang_up()
        self.sock.close()

    def _received(self) -> bool:
        """Read once; False when nothing came in time."""
        try:
            data = self.sock.recv(_RECEIVE_BYTES)
        except TimeoutError:
            return False
        except OSError as error:
            raise ConnectionError(str(error)) from error
        if not data:
            raise ConnectionError("the connection ended")
        try:
            self.protocol.receive_data(data)
            self._events.extend(self.protocol.events())
        except ProtocolError as error:
            raise ConnectionError(f"no WebSocket: {error}") from error
        return True

    def _await_acceptance(self) -> None:
        while True:
            while not self._events:
                if not self._received():
                    raise ConnectionError("no answer to the handshake")
            event = self._events.pop(0)
            if isinstance(event, AcceptConnection):
                return
            if isinstance(event, RejectConnection):
                raise _refusal(event.status_code)


def _refusal(status: int) -> BrokerError:
    if status == _FORBIDDEN:
        return LoginNeededError("The broker refused the session: log in at the broker again.")
    if status == _TOO_MANY:
        return TooManyRequestsError("The broker asks to wait before connecting again.")
    return BrokerError(f"The broker refused the ticker's connection (status {status}).")


def _watch_over(sock: socket.socket) -> None:
    """Let the system notice a peer that vanished without a word."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError, AttributeError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _ACKNOWLEDGE_MS)
