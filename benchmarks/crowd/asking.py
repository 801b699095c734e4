"""Requests for data over kept connections: as many as go, or so many a second."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from benchmarks.errors import BenchmarkError
from benchmarks.timing.statistics import percentile
from benchmarks.web.serving import Site

_RECEIVE_BYTES = 1 << 18
_PATIENCE_S = 30.0
_END = b"\r\n\r\n"


class _Connection:
    """Sends one request at a time and waits for its whole answer."""

    def __init__(self, host: str, port: int, cookie: str, path: str) -> None:
        self.link = socket.create_connection((host, port), timeout=_PATIENCE_S)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due_at = 0.0
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
            "Accept-Encoding: gzip\r\n\r\n"
        ).encode()
        self._data = b""

    def ask(self, due_at: float) -> None:
        """Send the request that was due then."""
        self.due_at = due_at
        self.link.sendall(self._request)

    def read(self) -> int | None:
        """The status of the answer, once it is there whole."""
        received = self.link.recv(_RECEIVE_BYTES)
        if not received:
            raise BenchmarkError("The server closed a connection that is kept.")
        self._data += received
        head, found, body = self._data.partition(_END)
        if not found or len(body) < _length(head):
            return None
        self._data = b""
        return int(head[9:12])


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def asked(
    site: Site, cookies: Sequence[str], *, connections: int, seconds: float, rate: float | None
) -> dict[str, Any]:
    """Ask /api/data over so many connections; at `rate` a second, or without a pause.

    With a rate a request's time counts from when it was due, so that waiting for a free connection
    counts too.
    """
    address = urlsplit(site.url)
    idle = deque(
        _Connection(
            str(address.hostname),
            int(address.port or 80),
            cookies[n % len(cookies)],
            "/api/data/NSE",
        )
        for n in range(connections)
    )
    selector = selectors.DefaultSelector()
    for each in idle:
        selector.register(each.link, selectors.EVENT_READ, each)
    times_ms: list[float] = []
    failures, sent, under_way = 0, 0, 0
    began = time.perf_counter()
    end = began + seconds
    while (now := time.perf_counter()) < end or under_way:
        while idle and now < end:
            due_at = now if rate is None else began + sent / rate
            if due_at > now:
                break
            idle.popleft().ask(due_at)
            sent, under_way = sent + 1, under_way + 1
        wait_s = _PATIENCE_S if rate is None else max(0.0, min(0.01, began + sent / rate - now))
        for key, _ in selector.select(wait_s):
            status = key.data.read()
            if status is not None:
                times_ms.append(1000 * (time.perf_counter() - key.data.due_at))
                failures += status != 200
                idle.append(key.data)
                under_way -= 1
    passed_s = time.perf_counter() - began
    for each in idle:
        each.link.close()
    times_ms.sort()
    return {
        "requests": len(times_ms),
        "requests_per_s": len(times_ms) / passed_s,
        "failures": failures,
        "p50_ms": percentile(times_ms, 0.5),
        "p99_ms": percentile(times_ms, 0.99),
    }
