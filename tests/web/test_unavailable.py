"""A database that is away, bare or unmigrated: one sentence, 503, and recovery by itself."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import URL, make_url

from app.web import standstill
from benchmarks.chaos.wire import wire as wire_to
from db import engine
from db.errors import ServerError
from db.settings import Settings
from tests.support.databases import DatabaseServer, connection
from tests.support.waiting import eventually
from tests.web.conftest import MakeApp, signed_in

NOWHERE = make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing")


def client_on(url: URL, home: Path, make_app: MakeApp) -> FlaskClient:
    return signed_in(make_app(Settings(home=home, database_url=url)))


def check_refusal(client: FlaskClient, sentence: str) -> None:
    for path in (
        *("/api/data/NSE", "/api/state/NSE", "/api/system-status", "/api/series/NSE/day"),
        *("/api/as-of/NSE?at=2026-08-03T09:15:00", "/api/days/NSE", "/api/expiries/NSE"),
    ):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert sentence in answer.json["error"]
    page = client.get("/")
    assert page.status_code == 503
    assert sentence in page.text


def test_a_database_that_is_down(home: Path, make_app: MakeApp) -> None:
    client = client_on(NOWHERE, home, make_app)
    check_refusal(client, "The database does not answer")
    assert client.get("/login").status_code == 302
    assert client.get("/healthz").status_code == 200


def test_a_database_that_is_not_migrated(
    empty_database: URL, home: Path, make_app: MakeApp
) -> None:
    check_refusal(client_on(empty_database, home, make_app), "alembic upgrade head")


def test_a_server_database_without_the_extension(
    plain_database: URL, home: Path, make_app: MakeApp
) -> None:
    check_refusal(client_on(plain_database, home, make_app), "TimescaleDB")


def test_system_status_says_that_nothing_is_starting(home: Path, make_app: MakeApp) -> None:
    status = client_on(NOWHERE, home, make_app).get("/api/system-status").json
    assert status["initialized"] is False
    assert status["initializing"] is False


def test_a_local_server_that_is_not_there_is_a_sentence_too(
    home: Path, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> URL:
        raise ServerError("The local TimescaleDB is not installed.")

    monkeypatch.setattr(engine, "database_url", missing)
    # settings without a database name none, so that the local server is looked for
    client = signed_in(make_app(Settings(home=home)))
    answer = client.get("/api/data/NSE")
    assert answer.status_code == 503
    assert answer.json["error"] == "The local TimescaleDB is not installed."


def test_it_recovers_when_the_database_comes_back(
    server: DatabaseServer, database: URL, home: Path, make_app: MakeApp
) -> None:
    client = client_on(database, home, make_app)
    assert client.get("/api/data/NSE").status_code == 200
    away(server, database)
    check_refusal(client, "The database does not answer")
    back(server, database)
    assert client.get("/api/data/NSE").status_code == 200


def test_a_link_that_stands_still_is_given_up_and_found_again(
    database: URL, home: Path, make_app: MakeApp
) -> None:
    with wire_to("127.0.0.1", database.port or 5432) as wire:
        settings = Settings(
            home=home,
            database_url=database.set(host="127.0.0.1", port=wire.port),
            statement_timeout_s=1,
            link_timeout_s=1,
            connect_timeout_s=2,
        )
        client = signed_in(make_app(settings))
        assert client.get("/api/data/NSE").status_code == 200
        wire.stall()
        for _ in range(2):
            answer = client.get("/api/data/NSE")
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "5"
            assert "The database does not answer" in answer.json["error"]
        wire.mend()
        # what is known of a database that stands still holds for a moment
        eventually(lambda: client.get("/api/data/NSE").status_code == 200)


def test_of_a_database_that_stands_still_all_are_told_at_once_and_sign_in_goes_on(
    database: URL, home: Path, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_to("127.0.0.1", database.port or 5432) as wire:
        url = database.set(host="127.0.0.1", port=wire.port)
        app = make_app(Settings(home=home, database_url=url, connect_timeout_s=2))
        client = signed_in(app)
        assert client.get("/api/data/NSE").status_code == 200
        wire.stall()
        assert client.get("/api/data/NSE").status_code == 503
        monkeypatch.setattr(standstill, "_HOLDS_S", 3600.0)
        eventually(lambda: client.get("/api/data/NSE").status_code == 503 and holds(app))
        monkeypatch.setattr(engine, "connected", never)
        assert client.get("/api/data/NSE").status_code == 503
        assert client.get("/api/paper").status_code == 503
        other = signed_in(app)
        page = other.get("/")
        assert page.status_code == 503
        assert "The database does not answer" in page.text


def test_a_database_with_no_connection_to_spare_asks_to_come_back(
    database: URL, home: Path, make_app: MakeApp
) -> None:
    narrow = Settings(home=home, pool_size=1, pool_overflow=0, pool_wait_s=0.1)
    app = make_app(replace(narrow, database_url=database))
    client = signed_in(app)
    with app.extensions["oi"].database.newest():
        answer = client.get("/api/data/NSE")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "No database connection became free" in answer.json["error"]
    assert client.get("/api/data/NSE").status_code == 200


def holds(app: Flask) -> bool:
    """Whether what is known of the database still holds much later."""
    still: standstill.Standstill = app.extensions["oi"].database._standstill
    return still._ask_at > time.monotonic() + 60


def never(_: object) -> None:
    raise AssertionError("the database was asked")


def away(server: DatabaseServer, database: URL) -> None:
    """Close a database to everybody and end the sessions in it."""
    admit(server, database, yes=False)
    with connection(server.admin_url) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [database.database],
        )


def back(server: DatabaseServer, database: URL) -> None:
    """Open it again."""
    admit(server, database, yes=True)


def admit(server: DatabaseServer, database: URL, *, yes: bool) -> None:
    name = sql.Identifier(database.database or "")
    statement = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    with connection(server.admin_url) as session:
        session.execute(statement.format(name, sql.Literal(yes)))
