"""Traders, for Locust: sign in, open the dashboard, follow it live, ask for data.

Run by `python -m benchmarks load` as a program of its own, because Locust replaces blocking calls
of the whole process; by hand in Locust's own page: `locust -f benchmarks/web/locustfile.py`. The
password is taken from OI_BENCH_PASSWORD.
"""

import json
import os
import random
import re
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import socket
from locust import HttpUser, between, events, task
from locust.env import Environment
from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Message, Request, TextMessage
from wsproto.extensions import PerMessageDeflate


class Trader(HttpUser):
    """Follows one exchange by WebSocket and asks for data now and then."""

    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        """Sign in, open the dashboard, begin to follow."""
        page = self.client.get("/login", name="GET /login").text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        form = {
            "username": "bench",
            "password": os.environ["OI_BENCH_PASSWORD"],
            "csrf": found[1] if found else "",
        }
        self.client.post("/login", form, name="POST /login", allow_redirects=False)
        tabs = re.findall(r'data-exchange="(\w+)"', self.client.get("/", name="GET /").text)
        self.exchange = random.choice(tabs)  # noqa: S311 - a choice, not a secret
        self.follower = gevent.spawn(self._follow)

    def on_stop(self) -> None:
        """Leave."""
        self.follower.kill()

    @task
    def data(self) -> None:
        """What the page asks for when it cannot follow, and other programs ask all the time."""
        self.client.get(f"/api/data/{self.exchange}", name="GET /api/data")

    def _follow(self) -> None:
        address = urlsplit(str(self.host))
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.client.cookies)
        started = time.perf_counter()
        with socket.create_connection((address.hostname, address.port)) as link:
            protocol = WSConnection(ConnectionType.CLIENT)
            link.sendall(
                protocol.send(
                    Request(
                        host=address.netloc,
                        target=f"/live?follow={self.exchange}",
                        extensions=[PerMessageDeflate()],
                        extra_headers=[(b"cookie", cookie.encode())],
                    )
                )
            )
            self._read(link, protocol, started)

    def _read(self, link: socket.socket, protocol: WSConnection, started: float) -> None:
        text, first = "", True
        while received := link.recv(65_536):
            protocol.receive_data(received)
            for event in protocol.events():
                if isinstance(event, CloseConnection):
                    return
                if isinstance(event, Message) and isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        since = (time.perf_counter() - started) * 1000 if first else 0.0
                        self._count(text, since)
                        text, first = "", False

    def _count(self, text: str, since_ms: float) -> None:
        """Tell Locust of a message; the first one's time is what a viewer waits for."""
        kind = json.loads(text)["kind"]
        name = f"push {kind}" if kind in ("full", "delta") else kind
        events.request.fire(
            request_type="WS",
            name="first message" if since_ms else name,
            response_time=since_ms,
            response_length=len(text),
            exception=None,
            context={},
        )


def measure(host: str, users: int, seconds: float) -> list[dict[str, Any]]:
    """Let users arrive, wait until all have signed in, then measure; a row a request name."""
    environment = Environment(user_classes=[Trader], host=host, events=events)
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=max(1.0, users / 3))
    _sleep_until(lambda: environment.stats.get("GET /", "GET").num_requests >= users)
    runner.stats.reset_all()
    started = time.monotonic()
    # not Locust's own --run-time: its timer starts late or early when the machine is busy
    _sleep_until(lambda: time.monotonic() - started >= seconds)
    spent_s = time.monotonic() - started
    rows = [entry.serialize() for entry in environment.stats.entries.values()]
    runner.quit()
    return [row | {"seconds": spent_s} for row in rows]


def _sleep_until(done: Any, patience_s: float = 120.0) -> None:
    end = time.monotonic() + patience_s
    while not done() and time.monotonic() < end:
        gevent.sleep(0.1)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
