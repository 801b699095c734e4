"""A WebSocket client that keeps every frame as it came, and the official one as a program."""

import base64
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from app.kite.standin import StandIn

PATIENCE_S = 60.0
_OFFICIAL = """
import base64, json, sys
from kiteconnect import KiteTicker

def default(value):
    return value.isoformat()

ticker = KiteTicker(*sys.argv[2:4], root=sys.argv[1])
tokens = json.loads(sys.argv[4])

def say(kind, data):
    print(json.dumps({"kind": kind, "data": data}, default=default), flush=True)

def connected(ws, response):
    say("connect", None)
    ws.subscribe(tokens)
    ws.set_mode(ws.MODE_FULL, tokens)

ticker.on_connect = connected
ticker.on_ticks = lambda ws, ticks: say("ticks", ticks)
ticker.on_order_update = lambda ws, data: say("order", data)
ticker.on_error = lambda ws, code, reason: say("error", f"{code} {reason}")
ticker.on_close = lambda ws, code, reason: say("close", f"{code} {reason}")
ticker.connect()
"""
_DECODER = """
import base64, json, sys
from kiteconnect import KiteTicker
ticker = KiteTicker("key", "token")
found = [ticker._parse_binary(base64.b64decode(line)) for line in json.load(sys.stdin)]
print(json.dumps(found, default=lambda value: value.timestamp()))
"""


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def officially_decoded(frames: list[bytes]) -> list[list[dict[str, Any]]]:
    """What the official client reads in frames; its times as seconds since 1970."""
    done = subprocess.run(
        [sys.executable, "-c", _DECODER],
        input=json.dumps([base64.b64encode(frame).decode() for frame in frames]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


class OfficialTicker:
    """The official KiteTicker in a process of its own: its reactor starts but once in each."""

    def __init__(self, standin: StandIn, access_token: str, tokens: list[int]) -> None:
        arguments = [standin.ws_url, standin.sessions.account.api_key, access_token]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OFFICIAL, *arguments, json.dumps(tokens)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def next(self, kind: str) -> Any:
        """The next thing of a kind that it reports."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = json.loads(line)
            if found["kind"] == kind:
                return found["data"]
        raise AssertionError(f"the client ended before any {kind}")

    def __enter__(self) -> "OfficialTicker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass
class Frames:
    """A client; `refused` is the HTTP status where the server said no."""

    sock: socket.socket
    protocol: WSConnection = field(default_factory=lambda: WSConnection(ConnectionType.CLIENT))
    opened: bool = False
    refused: int | None = None
    binary: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    pongs: int = 0
    closed: bool = False
    _part: bytes = b""
    _text: str = ""

    @classmethod
    def of(cls, standin: StandIn, access_token: str) -> "Frames":
        host, _, port = standin.ws_url.removeprefix("ws://").partition(":")
        client = cls(socket.create_connection((host, int(port)), timeout=PATIENCE_S))
        key = standin.sessions.account.api_key
        target = f"/?api_key={key}&access_token={access_token}"
        client.sock.sendall(client.protocol.send(Request(host=f"{host}:{port}", target=target)))
        client.read_until(lambda: client.opened or client.refused is not None or client.closed)
        return client

    def ask(self, message: Any) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        self.sock.sendall(self.protocol.send(TextMessage(text)))

    def ping(self) -> None:
        self.sock.sendall(self.protocol.send(Ping()))

    def read_until(self, holds: Callable[[], object]) -> None:
        """Read on until a condition holds or the connection has ended."""
        while not holds() and not self.closed:
            try:
                data = self.sock.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                self.closed = True
                return
            self.protocol.receive_data(data)
            for event in self.protocol.events():
                self._take(event)

    @property
    def ticks(self) -> list[bytes]:
        """Frames that are no heartbeats."""
        return [frame for frame in self.binary if len(frame) > 1]

    def packets(self) -> list[bytes]:
        """All packets of sound frames, one after the other."""
        return [packet for frame in self.ticks for packet in packets_of(frame)]

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> "Frames":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, event: object) -> None:
        if isinstance(event, AcceptConnection):
            self.opened = True
        elif isinstance(event, RejectConnection):
            self.refused = event.status_code
        elif isinstance(event, BytesMessage):
            self._part += event.data
            if event.message_finished:
                self.binary.append(self._part)
                self._part = b""
        elif isinstance(event, TextMessage):
            self._text += event.data
            if event.message_finished:
                self.texts.append(self._text)
                self._text = ""
        elif isinstance(event, Pong):
            self.pongs += 1
        elif isinstance(event, CloseConnection):
            self.closed = True


def packets_of(frame: bytes) -> list[bytes]:
    """The packets of a frame; raises AssertionError unless it is sound to its last byte."""
    count, at = int.from_bytes(frame[:2], "big"), 2
    found = []
    for _ in range(count):
        length = int.from_bytes(frame[at : at + 2], "big")
        found.append(frame[at + 2 : at + 2 + length])
        assert len(found[-1]) == length
        at += 2 + length
    assert at == len(frame)
    return found


def token_of(packet: bytes) -> int:
    """Whose packet it is."""
    return int.from_bytes(packet[:4], "big")


def tokens_of(client: Frames, length: int) -> list[int]:
    """Whose packets of a length have come, one after the other."""
    return [token_of(packet) for packet in client.packets() if len(packet) == length]


def options(standin: StandIn, count: int) -> list[int]:
    """Tokens of calls near the money of a chain."""
    rows = [row for row in standin.market.listings().rows if row.chain.key == "NSE"]
    calls = [row.token for row in rows if row.kind == "CE"]
    middle = len(calls) // 2
    return calls[middle : middle + count]


def follow(client: Frames, tokens: list[int], mode: str = "full") -> None:
    """Subscribe and ask for a mode, as the official client does."""
    client.ask({"a": "subscribe", "v": tokens})
    client.ask({"a": "mode", "v": [mode, tokens]})
