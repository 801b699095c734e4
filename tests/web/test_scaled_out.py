"""Two web hosts, a pooler, a replica and a Redis serve the same dashboard."""

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.clock import IST, market_now
from db.migrate import upgrade
from tests.support.databases import DatabaseServer, connection
from tests.support.pgbouncer import pgbouncer
from tests.support.redis import RedisServer, redis_program
from tests.support.streaming import Streaming, programs_of, streaming
from tests.support.waiting import eventually
from tests.web.conftest import a_snapshot
from tests.web.serving import WebServer, following, web_server

# of a standby: replaying the log is no read
_SCANS = "SELECT coalesce(sum(seq_scan + idx_scan), 0)::int FROM pg_stat_user_tables"


@pytest.fixture
def pair(server: DatabaseServer) -> Iterator[Streaming]:
    with streaming(programs_of(server)) as started:
        upgrade(started.primary)
        yield started


@pytest.fixture
def pooled(pair: Streaming) -> Iterator[URL]:
    with pgbouncer(pair.primary) as url:
        yield url


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer(redis_program())
    server.start()
    yield server
    server.kill()


@pytest.fixture
def hosts(
    pair: Streaming, pooled: URL, redis: RedisServer, home: Path, tmp_path: Path
) -> Iterator[list[WebServer]]:
    """Each with a home of its own; what they share is the database and the key of cookies."""
    shared = {
        "OI_SECRET_KEY": "of both hosts",
        "OI_DATABASE_DIRECT_URL": _text(pair.primary),
        "OI_DATABASE_READ_URLS": _text(pair.standby),
        "OI_REPLICA_LAG_S": "60",
        "OI_REDIS_URL": redis.url,
    }
    with ExitStack() as stack:
        started = []
        for name in ("one", "two"):
            own = tmp_path / name
            own.mkdir()
            shutil.copy(home / "signin", own)
            started.append(stack.enter_context(web_server(own, pooled, shared)))
        yield started


def _text(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_two_hosts_a_pooler_a_replica_and_a_redis_serve_the_same_dashboard(
    pair: Streaming, pooled: URL, hosts: list[WebServer]
) -> None:
    writer = engine_for(pair.primary)
    opening = market_now().astimezone(IST).replace(microsecond=0) - timedelta(minutes=20)

    def store(minute: int) -> None:
        with writer.begin() as session:
            write_snapshot(session, a_snapshot("NSE", opening + timedelta(minutes=minute)))

    store(0)
    one, two = hosts
    cookie = one.sign_in()
    name, _, value = cookie.partition("=")
    # cookies are named by the port, so that two servers of one machine do not mix them up
    elsewhere = f"{name.replace(str(one.port), str(two.port))}={value}"
    with (
        following(one, "NSE", cookie=cookie) as here,
        following(two, "NSE", cookie=elsewhere) as there,
    ):
        first = [page.message("full")["sequence"] for page in (here, there)]
        assert first[0] == first[1]
        store(1)
        told = [page.data() for page in (here, there)]
        assert told[0] == told[1]
        assert told[0]["sequence"] > first[0]
    past = [_past(one, cookie, opening), _past(two, elsewhere, opening)]
    assert past[0] == past[1]
    assert len(past[0]["legs"]) == 18
    with connection(pair.standby) as session:

        def is_read() -> bool:
            _get(one, cookie, "/api/days/NSE")
            return session.execute(_SCANS).fetchone() != (0,)

        eventually(is_read)
    one.stop()
    store(2)
    with following(two, "NSE", cookie=elsewhere) as still:
        while not _shows(still.message("full", "delta"), opening + timedelta(minutes=2)):
            pass
    writer.dispose()


def _shows(message: dict, moment: datetime) -> bool:
    """A change of a chain names its moment only where that changes too."""
    told = message["summary"].get("last_update")
    return told is not None and datetime.fromisoformat(told) == moment


def _past(host: WebServer, cookie: str, at: datetime) -> dict:
    return _get(host, cookie, f"/api/as-of/NSE?at={at:%Y-%m-%dT%H:%M:%S}")


def _get(host: WebServer, cookie: str, path: str) -> dict:
    request = urllib.request.Request(f"{host.url}{path}", headers={"Cookie": cookie})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.loads(answer.read())


def test_a_host_is_ready_while_it_follows_the_database(
    pair: Streaming, hosts: list[WebServer]
) -> None:
    one, _ = hosts
    eventually(lambda: _ready(one) == 200)
    pair.kill("primary")
    eventually(lambda: _ready(one) == 503)
    with urllib.request.urlopen(f"{one.url}/healthz") as answer:  # noqa: S310
        assert answer.status == 200


def _ready(host: WebServer) -> int:
    try:
        with urllib.request.urlopen(f"{host.url}/readyz") as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
