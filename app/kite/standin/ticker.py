"""One WebSocket of a client: its messages in, ticks, heartbeats and texts out.

https://kite.trade/docs/connect/v3/websocket/
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from app.kite.standin.distortions import distorted
from app.kite.standin.faults import Fault, Faults
from app.kite.standin.journal import Journal
from app.kite.standin.ledger import Ledger
from app.kite.standin.market import State
from app.kite.standin.packets import FULL, HEARTBEAT, LTP, Rows, frame, packets
from app.kite.standin.shown import Shown
from app.kite.standin.subscriptions import Subscriptions

BEAT_S = 1.0
_SEND_TIMEOUT_S = 10.0
_CHUNK_BYTES = 64 * 1024
_PACKETS_A_FRAME = 400
_OLDER_S = 7


@dataclass(eq=False)
class Ticker:
    """A socket whose handshake has been granted; `run()` until either side ends it."""

    sock: socket.socket
    market: Shown
    faults: Faults
    ledger: Ledger
    interval_s: float
    journal: Journal | None = None
    clock: Callable[[], float] = time.monotonic
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    _protocol: WSConnection = field(default_factory=lambda: WSConnection(ConnectionType.SERVER))
    _outbox: "deque[str]" = field(default_factory=deque)
    _heard: str = ""
    _port: int = 0
    _closed: bool = False

    def run(self, target: str, headers: Iterable[tuple[str, str]]) -> None:
        """Accept the client's handshake and serve it; returns when the socket has ended."""
        self.sock.settimeout(_SEND_TIMEOUT_S)
        try:
            self._port = self.sock.getpeername()[1]
            self._accept(target, headers)
            self._serve()
        except (OSError, LocalProtocolError, RemoteProtocolError):
            # the client is gone or speaks something else: that is its end
            self._closed = True

    def post(self, text: str) -> None:
        """Send a text soon; from any thread."""
        self._outbox.append(text)

    def drop(self) -> None:
        """Cut the connection without a word; from any thread."""
        self._closed = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was cut already

    def _accept(self, target: str, headers: Iterable[tuple[str, str]]) -> None:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._protocol.initiate_upgrade_connection(raw, target)
        for event in self._protocol.events():
            if isinstance(event, Request):
                self._send(AcceptConnection())
        count = len(self.market.listings().rows)
        self._say({"type": "instruments_meta", "data": {"count": count, "etag": f'W/"{count:x}"'}})

    def _serve(self) -> None:
        tick_at = beat_at = self.clock()
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            while not self._closed:
                now = self.clock()
                if now >= tick_at:
                    tick_at = max(tick_at + self.interval_s, now)
                    self._send_due(self.market.state())
                if now >= beat_at:
                    beat_at = max(beat_at + BEAT_S, now)
                    self._beat()
                self._empty_outbox()
                if selector.select(max(0.0, min(tick_at, beat_at) - self.clock())):
                    self._receive()

    def _receive(self) -> None:
        data = self.sock.recv(_CHUNK_BYTES)
        if not data:
            self._closed = True
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            self._handle(event)

    def _handle(self, event: Event) -> None:
        if isinstance(event, TextMessage):
            self._heard += event.data
            if event.message_finished:
                heard, self._heard = self._heard, ""
                self._obey(heard)
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            self._send(event.response())
            self._closed = True

    def _obey(self, text: str) -> None:
        try:
            tokens = self.subscriptions.apply(orjson.loads(text))
        except ValueError as error:
            self._say({"type": "error", "data": str(error)})
            return
        if tokens:
            self._send_due(self.market.state(), tokens)

    def _send_due(self, state: State, tokens: list[int] | None = None) -> None:
        if self.faults.holds(Fault.MUTE) or self.faults.holds(Fault.SILENT):
            return
        for mode, rows in self.subscriptions.due(state, tokens):
            for start in range(0, len(rows), _PACKETS_A_FRAME):
                self._send_rows(rows[start : start + _PACKETS_A_FRAME], mode)

    def _send_rows(self, rows: Rows, mode: str) -> None:
        found = packets(rows, mode)
        fault = self.faults.take_distortion()
        self._note(rows, mode, is_sound=fault is None)
        if fault is not None:
            self.ledger.spoiled(fault)
            self._send_distorted(fault, distorted(fault, found))
            return
        self._send(BytesMessage(frame(found)))
        self.subscriptions.sent(rows)
        self.ledger.sent(rows, mode)
        # a quote has no time that could be older
        if mode == FULL and self.faults.take(Fault.OUT_OF_ORDER):
            self._send_older(rows[:1], mode)

    def _note(self, rows: Rows, mode: str, **kind: bool) -> None:
        if self.journal is not None and mode != LTP:
            is_full = mode == FULL
            self.journal.note(rows, self._port, time.monotonic_ns(), is_full=is_full, **kind)

    def _send_distorted(self, fault: Fault, payload: bytes) -> None:
        """What was in the frame counts as not sent: a later one brings it."""
        raw = self._protocol.send(BytesMessage(payload))
        if fault is Fault.TORN_FRAME:
            self.sock.sendall(raw[: len(raw) // 2])
            self.drop()
        else:
            self.sock.sendall(raw)

    def _send_older(self, rows: Rows, mode: str) -> None:
        older = rows.copy()
        older["exchange_time"] -= _OLDER_S
        older["ltp"] += 5
        self.ledger.spoiled(Fault.OUT_OF_ORDER)
        self._note(older, mode, is_older=True)
        self._send(BytesMessage(frame(packets(older, mode))))

    def _beat(self) -> None:
        if not self.faults.holds(Fault.SILENT):
            self._send(BytesMessage(HEARTBEAT))
            self.ledger.beat()

    def _empty_outbox(self) -> None:
        while self._outbox:
            self._send(TextMessage(self._outbox.popleft()))

    def _say(self, message: Any) -> None:
        self._send(TextMessage(orjson.dumps(message).decode()))

    def _send(self, event: Event) -> None:
        if self.faults.holds(Fault.SILENT) and not isinstance(event, AcceptConnection):
            return
        self.sock.sendall(self._protocol.send(event))
