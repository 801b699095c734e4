"""Migrations as a library: where a database stands, and whether this program can read it."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest
from alembic import command
from sqlalchemy import URL

from db import migrate
from db.engine import engine_for
from db.errors import DatabaseUnavailableError, ExtensionMissingError, NotMigratedError
from db.timescale import preflight
from tests.support.databases import DatabaseServer, connection
from tests.support.paths import ROOT
from tests.support.waiting import eventually

_WAITING = """
    SELECT EXISTS (
        SELECT
        FROM pg_stat_activity
        WHERE datname = current_database()
          AND application_name = 'oi-gemini-migrate'
          AND query LIKE '%pg_try_advisory_lock%'
    )
"""


def require_head(url: URL) -> None:
    engine = engine_for(url)
    try:
        with engine.connect() as session:
            migrate.require_head(session)
    finally:
        engine.dispose()


def test_a_migrated_database_is_at_the_head(database: URL) -> None:
    require_head(database)
    assert migrate.current(database) == migrate.heads()[0] == migrate.revisions()[-1]


def test_an_empty_database_is_not_migrated(empty_database: URL) -> None:
    assert migrate.current(empty_database) is None
    with pytest.raises(NotMigratedError, match="run alembic upgrade head"):
        require_head(empty_database)


def test_an_older_database_is_not_migrated(empty_database: URL) -> None:
    migrate.upgrade(empty_database, "0002_market_time")
    with pytest.raises(NotMigratedError, match="is at 0002_market_time"):
        require_head(empty_database)


@pytest.mark.parametrize(
    ("program", "code"), [(("alembic", "upgrade", "head"), 255), (("db", "upgrade"), 130)]
)
def test_ctrl_c_is_one_sentence(empty_database: URL, program: tuple[str, ...], code: int) -> None:
    engine = engine_for(empty_database)
    # whoever migrates meanwhile waits, and can be interrupted there
    with preflight.exclusive(engine), connection(empty_database) as session:
        running = subprocess.Popen(
            [sys.executable, "-m", *program],
            cwd=ROOT,
            env={
                **os.environ,
                "OI_DATABASE_URL": empty_database.render_as_string(hide_password=False),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually(lambda: session.execute(_WAITING).fetchone() == (True,))
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    engine.dispose()

    assert running.returncode == code
    assert "Interrupted" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("way", ["upgrade", "downgrade"])
def test_a_revision_that_nobody_here_made_is_named(database: URL, way: str) -> None:
    with connection(database) as session:
        session.execute("UPDATE alembic_version SET version_num = 'ae1027a6acf'")
    ask = {"upgrade": migrate.upgrade, "downgrade": partial(migrate.downgrade, revision="base")}

    with pytest.raises(NotMigratedError, match="ae1027a6acf, which this program does not know"):
        ask[way](database)


def test_a_database_without_the_extension_says_so(plain_database: URL) -> None:
    with pytest.raises(ExtensionMissingError, match="CREATE EXTENSION timescaledb"):
        require_head(plain_database)


def test_a_server_that_is_down_says_so(plain_database: URL) -> None:
    with pytest.raises(DatabaseUnavailableError):
        migrate.upgrade(plain_database.set(port=1))


def test_the_command_line_ends_with_one_sentence(
    server: DatabaseServer, plain_database: URL
) -> None:
    url = server.url_of("stranger", plain_database)
    result = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env={
            "OI_DATABASE_URL": url.render_as_string(hide_password=False),
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert "CREATE EXTENSION timescaledb" in result.stderr


def test_the_script_written_offline_makes_the_same_schema(empty_database: URL) -> None:
    script = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with connection(empty_database) as session:
        session.execute(script)
    command.check(migrate.configuration(empty_database))
    require_head(empty_database)
    with connection(empty_database) as session:
        assert session.execute("SELECT count(*) FROM oi_1m").fetchone() == (0,)
