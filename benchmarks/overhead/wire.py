"""What timing costs of a whole request, as a client meets it: over HTTP, to gunicorn's worker."""

import gc
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.errors import BenchmarkError
from benchmarks.feed.viewer import signed_in
from benchmarks.overhead.switched import HEADER, OFF, ON, SUM
from benchmarks.timing.statistics import ratio_interval
from benchmarks.timing.waiting import awaited
from benchmarks.web.serving import Site

_READY_S = 180.0
_PATIENCE_S = 60.0
_SEED = 1
FEWER = 10
_PIECE = 64 * 1024
_DATA = "/api/data/NSE"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, how it is called, and the status that answers it.

    One that is `dear` is asked less often.
    """

    title: str
    path: str
    status: int = 200
    headers: Mapping[str, str] | None = None
    dear: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn's time of a request, in microseconds: on the clock, and of the server's CPU."""

    clock_us: float
    cpu_us: float


class Wire:
    """A connection that is kept: what it costs here is the same of every request."""

    def __init__(self, site: Site) -> None:
        address = urlsplit(site.url)
        self._host = f"{address.hostname}:{address.port}"
        self._socket = socket.create_connection((address.hostname, address.port), _PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def request(self, path: str, headers: Mapping[str, str]) -> bytes:
        """The bytes that ask for a path."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer."""
        self._socket.sendall(request)
        found = b""
        while (end := found.find(b"\r\n\r\n")) < 0:
            found += self._more()
        head, body = found[:end], found[end + 4 :]
        status, length = int(head[9:12]), _header(head, b"content-length")
        wanted = 0 if status == 304 or length is None else int(length)
        while len(body) < wanted:
            body += self._more()
        return status, head, body

    def _more(self) -> bytes:
        piece = self._socket.recv(_PIECE)
        if not piece:
            raise BenchmarkError("The web server closed a connection that was to be kept.")
        return piece


def on_the_wire(site: Site, *, requests: int, rounds: int) -> Iterator[dict[str, Any]]:
    """What timing adds to each kind of request, in turns of one server."""
    with closing(Wire(site)) as wire:
        for asked in _ready(wire, {"Cookie": signed_in(site), "Accept-Encoding": "gzip"}):
            count = requests // FEWER if asked.dear else requests
            turns = _turns(wire, asked, count, rounds)
            yield {"request": asked.title, **compared(turns[ON], turns[OFF])}


def compared(timed: Sequence[Turn], plain: Sequence[Turn]) -> dict[str, Any]:
    """Medians of turns, and the ratio of neighbours with the interval in which it lies."""
    return {
        "requests_per_s": round(1e6 / median(turn.clock_us for turn in timed)),
        "requests_per_s_without": round(1e6 / median(turn.clock_us for turn in plain)),
        **_ratio("clock", [each.clock_us for each in timed], [each.clock_us for each in plain]),
        **_ratio("cpu", [each.cpu_us for each in timed], [each.cpu_us for each in plain]),
    }


def _ratio(name: str, timed: Sequence[float], plain: Sequence[float]) -> dict[str, Any]:
    ratios = [with_ / without for with_, without in zip(timed, plain, strict=True)]
    interval = ratio_interval([[each] for each in ratios], [[1.0]] * len(ratios), seed=_SEED)
    return {
        f"{name}_us": round(median(plain), 1),
        f"{name}_ratio": round(median(ratios), 4),
        f"{name}_ratio_95": [round(each, 4) for each in interval],
    }


def _ready(wire: Wire, headers: Mapping[str, str]) -> Sequence[Asked]:
    """What is asked, once the server has its chain, and calls it old: that changes its tag."""
    request = wire.request(_DATA, {"Cookie": headers["Cookie"]})

    def is_settled() -> bool:
        status, _, body = wire.ask(request)
        return status == 200 and b'"status":"live"' not in body

    awaited(is_settled, _READY_S, "The chain did not become ready.")
    tag = (_header(wire.ask(request)[1], b"etag") or b"").decode()
    return (
        Asked("/", "/", headers=headers, dear=True),
        Asked(_DATA, _DATA, headers=headers),
        Asked(f"{_DATA}, not modified", _DATA, 304, {**headers, "If-None-Match": tag}),
        Asked("/login", "/login", headers={"Accept-Encoding": "gzip"}),
    )


def _turns(wire: Wire, asked: Asked, requests: int, rounds: int) -> Mapping[str, list[Turn]]:
    found: dict[str, list[Turn]] = {ON: [], OFF: []}
    gc.collect()
    gc.disable()
    try:
        for place in range(rounds + 1):
            # the first round warms up; which goes first changes, as machines drift
            for way in (ON, OFF) if place % 2 else (OFF, ON):
                turn = _turn(wire, asked, way, requests)
                if place:
                    found[way].append(turn)
    finally:
        gc.enable()
    return found


def _turn(wire: Wire, asked: Asked, way: str, requests: int) -> Turn:
    request = wire.request(asked.path, {**(asked.headers or {}), HEADER: way})
    told = wire.request("/", {HEADER: SUM})
    cpu_ns, began = int(wire.ask(told)[2]), time.perf_counter()
    for _ in range(requests):
        status = wire.ask(request)[0]
        if status != asked.status:
            raise BenchmarkError(f"{asked.title} answered {status}.")
    # what was timed is counted within the turn, too
    spent_ns = int(wire.ask(told)[2]) - cpu_ns
    took_s = time.perf_counter() - began
    return Turn(took_s / requests * 1e6, spent_ns / requests / 1000)


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return None
