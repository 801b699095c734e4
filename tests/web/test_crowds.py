"""A crowd: one reads for all, a burst waits its turn for a connection, and all are answered."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask
from sqlalchemy import URL, Connection
from werkzeug.test import TestResponse

from db.settings import Settings
from tests.support.databases import connection
from tests.support.waiting import eventually
from tests.web.conftest import MakeApp, Store, signed_in

SERIES = "/api/series/NSE/day?day=2026-08-03"
CROWD = 200
BURST = 50


@dataclass
class Crowd:
    """Signed-in clients that each ask for something at once."""

    app: Flask
    answers: list[TestResponse] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def asks(self, *paths: str) -> "Crowd":
        cookie = signed_in(self.app).get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}

        def ask(path: str) -> None:
            client = self.app.test_client(use_cookies=False)
            self.answers.append(client.get(path, headers=headers))

        self.threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
        for thread in self.threads:
            thread.start()
        return self

    def end(self) -> list[TestResponse]:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        return self.answers


@pytest.fixture
def narrow(settings: Settings, store: Store) -> Settings:
    """A pool of two, on a database that holds a day."""
    store()
    return replace(settings, pool_size=2, pool_overflow=0, statement_timeout_s=60)


def count_reads(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each read of history."""
    database, reads = app.extensions["oi"].database, []
    history: Callable[[], Iterator[Connection]] = database.history

    @contextmanager
    def counted() -> Iterator[Connection]:
        reads.append(1)
        with history() as found:
            yield found

    monkeypatch.setattr(database, "history", counted)
    return reads


def waiting(app: Flask) -> int:
    flights = app.extensions["oi"].series._bodies._flights._flights
    return sum(len(each.outcome._condition._waiters) for each in list(flights.values()))


@contextmanager
def standing(database: URL) -> Iterator[None]:
    """Statements on the rollup by minute hang until the block ends."""
    with connection(database) as session, session.transaction():
        session.execute("LOCK TABLE oi_1m IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_crowd_makes_one_read(
    narrow: Settings, make_app: MakeApp, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(narrow)
    crowd, reads = Crowd(app), count_reads(app, monkeypatch)
    with standing(database):
        crowd.asks(*[SERIES] * CROWD)
        eventually(lambda: waiting(app) == CROWD - 1)
    assert {answer.status_code for answer in crowd.end()} == {200}
    assert len({answer.data for answer in crowd.answers}) == 1
    assert len(reads) == 1


def test_a_crowd_at_a_database_that_hangs_shares_one_attempt(
    narrow: Settings, make_app: MakeApp, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(narrow)
    crowd, reads = Crowd(app), count_reads(app, monkeypatch)
    with standing(database), connection(database) as session:
        crowd.asks(*[SERIES] * CROWD)
        eventually(lambda: waiting(app) == CROWD - 1)
        # as the server's own limit would
        session.execute(
            """
            SELECT pg_cancel_backend(pid)
            FROM pg_stat_activity
            WHERE datname = current_database()
              AND wait_event_type = 'Lock'
              AND application_name = 'oi-gemini'
            """
        )
        answers = crowd.end()
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert len({answer.json["error"] for answer in answers}) == 1
    assert len(reads) == 1
    assert signed_in(app).get(SERIES).status_code == 200


def test_a_burst_beyond_the_pool_waits_its_turn(narrow: Settings, make_app: MakeApp) -> None:
    app = make_app(replace(narrow, pool_wait_s=60.0))
    paths = [f"/api/series/NSE/straddle?strikes={strike}" for strike in range(1, BURST + 1)]
    answers = Crowd(app).asks(*paths).end()
    assert [answer.status_code for answer in answers] == [200] * BURST


def test_a_burst_that_waits_too_long_is_told_to_come_back(
    narrow: Settings, make_app: MakeApp
) -> None:
    app = make_app(replace(narrow, pool_wait_s=0.2))
    database = app.extensions["oi"].database
    with database.history(), database.history():
        paths = [f"/api/as-of/NSE?at=2026-08-03T09:{n:02}:00" for n in range(BURST)]
        answers = Crowd(app).asks(*paths).end()
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert "No database connection became free within 0.2 s" in answers[0].json["error"]
    again = Crowd(app).asks("/api/as-of/NSE?at=2026-08-03T09:15:00").end()
    assert [answer.status_code for answer in again] == [200]


def test_the_pool_is_filled_in_the_background(narrow: Settings, make_app: MakeApp) -> None:
    database = make_app(narrow).extensions["oi"].database
    database.warm_up()
    eventually(lambda: database._own is not None and database._own.pool.checkedin() == 2)
    database.warm_up()
    assert database._own.pool.checkedout() == 0
