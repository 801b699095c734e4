"""What the page needs is killed under load: it says so, nothing else breaks, all comes back.

How soon is a matter of limits that stand in the code, and of a test on them; here nothing is timed.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from app.cache import redis
from app.push import lacking
from benchmarks.server.ports import free_port
from db.market.limits import FEED_STATE_LOST_AFTER_S
from db.migrate import upgrade
from db.server import postmaster
from db.server.cluster import LocalServer
from db.server.home import State, open_home
from db.server.programs import Programs
from tests.support.databases import connection
from tests.support.homes import programs
from tests.support.paths import ROOT
from tests.support.redis import RedisServer, redis_program
from tests.support.waiting import eventually
from tests.support.websockets import WebSocketClient
from tests.web.serving import WebServer, following

__all__ = ["programs"]

PATHS = ("/api/data/NSE", "/api/series/NSE/day", "/api/series/NSE/days", "/login")
SOON_S = 5.0
"""Within so long a page says what is wrong."""

# a follower looks each second at what nobody speaks for, and a frame goes out at once
_LOOK_S = 1.0


def test_the_limits_let_a_page_say_it_within_five_seconds() -> None:
    assert FEED_STATE_LOST_AFTER_S + _LOOK_S < SOON_S
    # a question to Redis is tried twice
    assert redis.UNHEARD_S + lacking.EVERY_S + 2 * redis.TIMEOUT_S < SOON_S


class Load:
    """Requests in turns from a few threads; what was answered, by path and status."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, int]] = Counter()
        self.unanswered: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(3)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def since(self) -> Counter[tuple[str, int]]:
        """What was answered since this was asked last."""
        with self._lock:
            found, self._answers = self._answers, Counter()
            return found

    def await_round(self) -> set[int]:
        """Wait until each path was answered anew; the statuses of these answers."""
        self.since()
        found: Counter[tuple[str, int]] = Counter()

        def is_whole() -> bool:
            found.update(self.since())
            return {path for path, _ in found} == set(PATHS)

        eventually(is_whole)
        return {status for path, status in found if path != "/login"}

    def _run(self) -> None:
        while not self._ended.is_set():
            for path in PATHS:
                try:
                    status = ask(self._port, path, self._cookie)[0]
                except OSError as error:
                    self.unanswered.append(f"{path}: {error!r}")
                    continue
                with self._lock:
                    self._answers[path, status] += 1


def ask(port: int, path: str, cookie: str) -> tuple[int, Any]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        link.request("GET", path, headers={"Cookie": cookie})
        answer = link.getresponse()
        body = answer.read()
        is_json = (answer.headers.get_content_type()) == "application/json"
        return answer.status, json.loads(body) if is_json else None
    finally:
        link.close()


class Stage:
    """A database server, a collector, a Redis and the web server, each killed and started anew."""

    def __init__(self, home: Path, server: LocalServer, redis: RedisServer) -> None:
        self.server, self.redis = server, redis
        self.url: URL = _new_database(server.start())
        self._home = home
        self._collector: subprocess.Popen[bytes] | None = None
        more = {"OI_REDIS_URL": redis.url, "OI_CONNECT_TIMEOUT_S": "2"}
        self.web = WebServer(home, self.url, free_port(), more=more)

    def start(self) -> None:
        self.redis.start()
        self.collect()
        self.web.start()

    def collect(self) -> None:
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._collector = subprocess.Popen(
            [sys.executable, "-m", "app", "collect", "--feed", "simulate"],
            env={**os.environ, "OI_HOME": str(self._home), "OI_DATABASE_URL": url},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill_collector(self) -> None:
        if self._collector is not None:
            self._collector.kill()
            self._collector.wait()
            self._collector = None

    def kill_database(self) -> None:
        """End all of its processes at once, as a crash would."""
        process = postmaster.running(self.server.home.data)
        assert process is not None
        os.kill(process.pid, signal.SIGQUIT)
        eventually(lambda: postmaster.running(self.server.home.data) is None)

    def end(self) -> None:
        if self.web.process is not None:
            self.web.stop()
        self.kill_collector()
        self.redis.kill()


def _new_database(server: URL) -> URL:
    with connection(server) as session:
        session.execute("CREATE DATABASE chain")
    url = server.set(database="chain")
    with connection(url) as session:
        session.execute("CREATE EXTENSION timescaledb")
    upgrade(url)
    return url


@pytest.fixture
def own_server(programs: Programs) -> Iterator[LocalServer]:
    """A database server that a test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="oi-test-killed-"))
    # the server's account must get in when root runs the tests
    folder.chmod(0o755)
    open_home(folder).save_state(
        State(str(programs.bin_dir), free_port(), programs.timescaledb_version)
    )
    server = LocalServer(open_home(folder), volatile=True)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def stage(home: Path, own_server: LocalServer) -> Iterator[Stage]:
    found = Stage(home, own_server, RedisServer(redis_program()))
    try:
        found.start()
        yield found
    finally:
        found.end()


def feed_of(viewer: WebSocketClient) -> str:
    word = viewer.message("clock")["feeds"].get("NSE")
    return "" if word is None else word["state"]


def test_what_is_killed_is_said_nothing_else_breaks_and_it_comes_back(stage: Stage) -> None:
    cookie, port = stage.web.sign_in(), stage.web.port

    def status() -> Any:
        return ask(port, "/api/system-status", cookie)[1]

    with following(stage.web, "NSE", cookie=cookie) as viewer, Load(port, cookie) as load:
        viewer.message("full", "delta")
        eventually(
            lambda: (
                status()["initialized"] and not status()["initializing"] and "cache" not in status()
            )
        )
        assert load.await_round() == {200}

        stage.redis.kill()
        while not (lack := viewer.message("clock")["lacking"]):
            pass
        assert lack.startswith("Redis does not answer")
        assert "Redis does not answer" in status()["cache"]
        assert load.await_round() == {200}
        viewer.message("delta")
        stage.redis.start()
        while viewer.message("clock")["lacking"]:
            pass
        eventually(lambda: "cache" not in status())

        stage.kill_collector()
        while feed_of(viewer) != "no collector":
            pass
        assert load.await_round() == {200}
        stage.collect()
        viewer.message("delta")
        while feed_of(viewer) == "no collector":
            pass

        stage.kill_database()
        while not (problem := viewer.message("clock")["problem"]):
            pass
        assert problem.startswith("The database does not answer")
        assert load.await_round() <= {200, 503}
        eventually(lambda: "database" in status().get("error", ""))
        stage.server.start()
        viewer.message("delta")
        while viewer.message("clock")["problem"]:
            pass
        eventually(lambda: load.await_round() == {200})
        assert load.unanswered == []
