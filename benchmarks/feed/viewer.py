"""A browser's ends without a browser: signed in, pushed chains by /live, asking for a state."""

import http.client
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from wsproto import ConnectionType, WSConnection
from wsproto.events import Message, Request, TextMessage

from benchmarks.errors import BenchmarkError
from benchmarks.feed.ends import Key
from benchmarks.timing.waiting import beside
from benchmarks.web.serving import USERNAME, Site, csrf_of
from db.market.exchanges import EXCHANGES

_ANSWER_S = 30.0
_LOOK_S = 0.2
_CHAINS = ("full", "delta")


@dataclass(frozen=True, slots=True)
class Answer:
    """A state that was asked for: between which moments (perf_counter), and what it says."""

    asked: float
    answered: float
    key: Key | None
    contracts: int
    age_s: float | None


def signed_in(site: Site) -> str:
    """The cookies of a session."""
    address = urlsplit(site.url)
    link = http.client.HTTPConnection(str(address.hostname), address.port, timeout=_ANSWER_S)
    link.request("GET", "/login")
    answer = link.getresponse()
    cookie, page = _cookie(answer), answer.read().decode()
    form = {"username": USERNAME, "password": site.password, "csrf": csrf_of(page)}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    link.request("POST", "/login", urlencode(form), headers)
    answer = link.getresponse()
    cookie = _cookie(answer) or cookie
    link.close()
    if answer.status >= 400:
        raise BenchmarkError(f"The web server let nobody sign in (status {answer.status}).")
    return cookie


def state(site: Site, cookie: str, exchange: str) -> Answer:
    """Ask for a chain as a page does that cannot be pushed, on a connection of its own."""
    address = urlsplit(site.url)
    link = http.client.HTTPConnection(str(address.hostname), address.port, timeout=_ANSWER_S)
    asked = time.perf_counter()
    link.request("GET", f"/api/state/{exchange}", headers={"Cookie": cookie})
    answer = link.getresponse()
    body = answer.read()
    answered = time.perf_counter()
    link.close()
    if answer.status != 200:
        raise BenchmarkError(f"/api/state/{exchange} answered {answer.status}.")
    found, age_ms = orjson.loads(body), answer.headers.get("OI-Age-Ms")
    at = found["summary"]["last_update"]
    return Answer(
        asked=asked,
        answered=answered,
        key=None if at is None else (exchange, datetime.fromisoformat(at)),
        contracts=len(found["legs"]),
        age_s=None if age_ms is None else int(age_ms) / 1000,
    )


@dataclass
class Viewer:
    """What one page was pushed: by chain and instant shown, when its frame had been read."""

    seen: dict[Key, float] = field(default_factory=dict)
    frames: int = 0

    def read(self, site: Site, cookie: str, ended: threading.Event) -> None:
        """Follow all chains until the end."""
        address = urlsplit(site.url)
        with socket.create_connection((str(address.hostname), int(address.port or 80))) as link:
            protocol = WSConnection(ConnectionType.CLIENT)
            target = f"/live?follow={','.join(EXCHANGES)}"
            headers = [(b"cookie", cookie.encode())]
            request = Request(host=address.netloc, target=target, extra_headers=headers)
            link.sendall(protocol.send(request))
            for text in _texts(link, protocol, ended):
                self._take(orjson.loads(text), time.perf_counter())

    def _take(self, frame: Any, at: float) -> None:
        if frame["kind"] in _CHAINS and (shown := frame["summary"].get("last_update")):
            self.frames += 1
            self.seen.setdefault((frame["exchange"], datetime.fromisoformat(shown)), at)


@contextmanager
def viewing(site: Site, cookie: str) -> Iterator[Viewer]:
    """A page that follows all chains until the block ends."""
    viewer = Viewer()
    with beside("viewer", partial(viewer.read, site, cookie)):
        yield viewer


def _texts(link: socket.socket, protocol: WSConnection, ended: threading.Event) -> Iterator[str]:
    text = ""
    while not ended.is_set():
        if not select.select([link], [], [], _LOOK_S)[0]:
            continue
        received = link.recv(1 << 18)
        if not received:
            raise BenchmarkError("The page's socket ended.")
        protocol.receive_data(received)
        for event in protocol.events():
            if isinstance(event, Message) and isinstance(event, TextMessage):
                text += event.data
                if event.message_finished:
                    yield text
                    text = ""


def _cookie(answer: http.client.HTTPResponse) -> str:
    found = answer.headers.get_all("Set-Cookie") or ()
    return "; ".join(each.partition(";")[0] for each in found)
