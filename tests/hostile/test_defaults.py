"""What a role or a database sets by default changes nothing of what commands and pages do."""

from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from sqlalchemy import URL

from db import migrate
from db.cli import group
from db.engine import engine_for
from db.migrate import require_head
from db.queries.statements import scalar
from db.urls import conninfo
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import DAYS, LATEST, legacy_database, save

DEFAULTS = (
    "search_path = other",
    "DateStyle = 'German'",
    "IntervalStyle = 'sql_standard'",
    "default_transaction_isolation = serializable",
    "default_transaction_read_only = on",
    "statement_timeout = '1ms'",
    "lock_timeout = '1ms'",
    "plpgsql.extra_errors = 'all'",
    "plpgsql.variable_conflict = 'use_column'",
)
COMMANDS = {
    "status": ("status",),
    "maintain": ("maintain", "--all"),
    "indexes": ("indexes",),
    "edition": ("edition",),
    "roles": ("roles",),
    "archive status": ("archive", "status"),
    "archive run": ("archive", "run", "option_chain_snapshots"),
    "convert status": ("convert", "status"),
}


@pytest.fixture(scope="module")
def peculiar(server: DatabaseServer) -> Iterator[URL]:
    """A database of the old program at head, with peculiar defaults since before the upgrade."""
    with server.database("extension") as url:
        legacy_database(url)
        with connection(url) as session:
            session.execute("CREATE SCHEMA other")
            session.execute("CREATE TABLE other.option_chain_snapshots (id int)")
            for default in DEFAULTS:
                session.execute(
                    sql.SQL("ALTER DATABASE {} SET {}").format(
                        sql.Identifier(url.database or ""), sql.SQL(default)
                    )
                )
        migrate.upgrade(url)
        yield url


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_what_it_always_does(
    peculiar: URL, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    engine = engine_for(peculiar)
    monkeypatch.setattr("db.engine.database_url", lambda: peculiar)
    monkeypatch.setattr("db.engine.direct_engine", lambda **asked: engine)

    found = CliRunner().invoke(group, COMMANDS[command])
    engine.dispose()

    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    # a status may be red of the server's settings
    assert found.exit_code == 0 or command == "status", found.output


def test_pages_read_and_collectors_write(peculiar: URL) -> None:
    engine = engine_for(peculiar, read_only=True)
    with engine.connect() as reading:
        require_head(reading)
        found = scalar(reading, "past", "first_outside_archive", {"exchange": "NSE"})
        assert found == DAYS[0]
    engine.dispose()


def test_the_old_program_goes_on(peculiar: URL) -> None:
    """Where it sets what it needs; isolation and checks of functions stay as they are."""
    needed = "-c default_transaction_read_only=off -c search_path=public"
    limits = "-c statement_timeout=0 -c lock_timeout=0"
    with psycopg.connect(conninfo(peculiar), options=f"{needed} {limits}") as session:
        save(session, "NSE", DAYS[1].replace(hour=16), 3)
        assert session.execute(LATEST, {"exchange": "NSE"}).fetchone() is not None
