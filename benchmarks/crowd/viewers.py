"""Many pages that follow a chain each, as a program of its own: what arrived, and when.

Run by `benchmarks.crowd.watching`. It is told on its standard input where to connect, says `ready`,
and on `end` what came. Frames are taken off the wire at once and looked into only then, so that the
time of an arrival is not that of unpacking four hundred others.
"""

import json
import selectors
import socket
import sys
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, RejectConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

_RECEIVE_BYTES = 1 << 18
_PATIENCE_S = 30.0
_CHAINS = ("full", "delta")


class Viewer:
    """One page's socket, and what it was sent."""

    def __init__(self, url: str, cookie: str, exchange: str, keeps: bool) -> None:
        address = urlsplit(url)
        self.link = socket.create_connection(
            (str(address.hostname), int(address.port or 80)), timeout=_PATIENCE_S
        )
        self.protocol = WSConnection(ConnectionType.CLIENT)
        self.keeps = keeps
        self.received: list[tuple[float, bytes]] = []
        self.bytes = 0
        self.is_open = True
        request = Request(
            host=address.netloc,
            target=f"/live?follow={exchange}",
            extensions=[PerMessageDeflate()],
            extra_headers=[(b"cookie", cookie.encode())],
        )
        self.link.sendall(self.protocol.send(request))
        self._shake_hands()
        self.link.setblocking(False)

    def _shake_hands(self) -> None:
        while True:
            # nothing is read beyond the answer: what follows is timed
            self.protocol.receive_data(self.link.recv(1))
            for event in self.protocol.events():
                if isinstance(event, AcceptConnection):
                    return
                if isinstance(event, RejectConnection):
                    raise ConnectionRefusedError(f"status {event.status_code}")

    def read(self) -> None:
        """Take what has come off the wire."""
        try:
            data = self.link.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.is_open = bool(data)
        self.bytes += len(data)
        if self.keeps and data:
            self.received.append((time.monotonic(), data))

    def arrivals(self) -> list[tuple[str, int, float]]:
        """(exchange, sequence, when its last byte came) of each chain."""
        found, text = [], ""
        for at, data in self.received:
            self.protocol.receive_data(data)
            for event in self.protocol.events():
                if isinstance(event, Message) and isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        told, text = json.loads(text), ""
                        if told["kind"] in _CHAINS:
                            found.append((told["exchange"], told["sequence"], at))
        return found


def main() -> None:
    """Connect, say so, watch until told to end, and say what came."""
    told = json.loads(sys.stdin.readline())
    cookies, exchanges = told["cookies"], told["exchanges"]
    viewers = [
        Viewer(
            told["url"],
            cookies[number % len(cookies)],
            exchanges[number % len(exchanges)],
            told["keeps"],
        )
        for number in range(told["viewers"])
    ]
    print("ready", flush=True)
    _watch(viewers)
    print(json.dumps(_summed_up(viewers)), flush=True)


def _watch(viewers: list[Viewer]) -> None:
    selector = selectors.DefaultSelector()
    for viewer in viewers:
        selector.register(viewer.link, selectors.EVENT_READ, viewer)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                return
            key.data.read()
            if not key.data.is_open:
                selector.unregister(key.fileobj)


def _summed_up(viewers: list[Viewer]) -> dict[str, Any]:
    arrivals: dict[str, list[float]] = defaultdict(list)
    for viewer in viewers:
        for exchange, sequence, at in viewer.arrivals():
            arrivals[f"{exchange}:{sequence}"].append(at)
    return {
        "bytes": sum(viewer.bytes for viewer in viewers),
        "lost": sum(not viewer.is_open for viewer in viewers),
        "arrivals": arrivals,
    }


if __name__ == "__main__":
    main()
