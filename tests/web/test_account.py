"""An account of the database that may do more than pages need is not overlooked."""

import contextlib
import logging
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from app.web import account
from app.web.account import TooMightyError
from app.web.database import Database
from benchmarks.server.ports import free_port
from db.roles.beyond import beyond_pages
from db.roles.declared import READER, WEB, WRITER
from db.settings import Settings
from tests.support.databases import DatabaseServer, connection
from tests.support.paths import ROOT
from tests.support.waiting import eventually
from tests.web.serving import WebServer, web_server

OTHERS = ("127.0.0.1",)
"""A proxy that is trusted: others reach the dashboard over it."""


def beyond(url: URL) -> list[str]:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as session:
        return beyond_pages(session)


@pytest.mark.parametrize("group", [WEB, READER])
def test_an_account_of_pages_may_do_nothing_beyond(
    server: DatabaseServer, database: URL, group: str
) -> None:
    assert beyond(server.as_member(group, database)) == []


def test_who_stores_chains_may_do_more(server: DatabaseServer, database: URL) -> None:
    assert beyond(server.as_member(WRITER, database)) == ["may change stored chains"]


def test_a_superuser_is_called_that(database: URL) -> None:
    assert beyond(database) == ["is a superuser"]


@pytest.mark.parametrize(
    ("statement", "may"),
    [
        ("GRANT pg_read_server_files TO {}", "may reach files and programs of the server"),
        ("GRANT pg_execute_server_program TO {}", "may reach files and programs of the server"),
        ("ALTER ROLE {} CREATEROLE", "may make roles, databases or copies of all data"),
        ("ALTER TABLE alerts OWNER TO {}", "owns tables"),
        ("GRANT UPDATE ON option_chain_snapshots TO {}", "may change stored chains"),
        ("GRANT INSERT ON site_users TO {}", "may change users"),
        ("GRANT CREATE ON SCHEMA public TO {}", "may make tables"),
    ],
)
def test_each_right_that_no_page_needs_is_named(
    server: DatabaseServer, database: URL, statement: str, may: str
) -> None:
    own, _ = server.role("with one right more")
    account = sql.Identifier(own)
    with connection(database) as session:
        session.execute(sql.SQL(statement).format(account))
        try:
            assert beyond(server.url_of("with one right more", database)) == [may]
        finally:
            session.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(account))
            session.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE").format(account))
            for held in ("pg_read_server_files", "pg_execute_server_program"):
                session.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(held), account))


@pytest.fixture
def open_to_others(database: URL) -> Settings:
    return replace(Settings(), database_url=database, trusted_proxies=OTHERS)


@pytest.mark.parametrize("way", ["newest", "history", "writing"])
def test_nothing_is_read_with_a_mighty_account_where_others_reach_the_dashboard(
    open_to_others: Settings, way: str
) -> None:
    asked = Database(open_to_others, explicit=True)
    try:
        for _ in range(2):
            with pytest.raises(TooMightyError, match="is a superuser; `python -m db roles login"):
                getattr(asked, way)().__enter__()
    finally:
        asked.close()


@pytest.mark.parametrize(
    "changes", [{"web_account": "any"}, {"trusted_proxies": ()}], ids=["taken", "loopback"]
)
def test_where_it_is_taken_the_log_says_so_once(
    open_to_others: Settings, changes: dict, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Database(replace(open_to_others, **changes), explicit=True)
    try:
        with caplog.at_level(logging.WARNING, "app.web.account"):
            for _ in range(2):
                with asked.newest() as session:
                    assert session.exec_driver_sql("SELECT 1").scalar_one() == 1
    finally:
        asked.close()
    assert [record.getMessage().count("is a superuser") for record in caplog.records] == [1]


def test_a_database_that_all_ways_lead_to_is_asked_once(
    home: Path, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = replace(Settings(), home=home, database_url=database, trusted_proxies=OTHERS)
    asked: list[URL] = []
    monkeypatch.setattr(account, "_demand_of", lambda url, _: asked.append(url))
    account.demand(Database(chosen, explicit=True).urls, chosen)
    assert asked == [database]


def test_a_server_for_others_does_not_start_with_a_superuser(home: Path, database: URL) -> None:
    url = database.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=ROOT,
        env={
            **os.environ,
            "OI_HOME": str(home),
            "OI_PORT": str(free_port()),
            "OI_DATABASE_URL": url,
            "OI_TRUSTED_PROXIES": OTHERS[0],
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "OI_WEB_DATABASE_URL" in done.stderr
    assert database.password is None or database.password not in done.stderr


def test_it_starts_with_the_account_of_pages_and_listens_as_that(
    server: DatabaseServer, home: Path, database: URL
) -> None:
    own = server.as_member(WEB, database).set(drivername="postgresql")
    direct = database.set(drivername="postgresql")
    more = {
        "OI_TRUSTED_PROXIES": OTHERS[0],
        "OI_WEB_DATABASE_URL": own.render_as_string(hide_password=False),
        # of all processes of a machine: the dashboard goes there by its own account
        "OI_DATABASE_DIRECT_URL": direct.render_as_string(hide_password=False),
    }
    with web_server(home, database, more) as web:
        eventually(lambda: _follows(web))
        with connection(database) as session:
            accounts = session.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name LIKE 'oi%'"
            ).fetchall()
    assert accounts == [(own.username,)]


def _follows(web: WebServer) -> bool:
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{web.url}/readyz").close()  # noqa: S310
        return True
    return False
