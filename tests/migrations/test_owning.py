"""A database that is handed over belongs to the owner's role, and to no superuser any more."""

import os
import subprocess
import sys

import pytest
from psycopg import errors, sql
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from db import migrate
from db.roles import granting, owning
from db.roles.declared import OWNER
from db.roles.logins import keep_login
from tests.support.databases import DatabaseServer, connection
from tests.support.paths import ROOT

SECRET = "of a member"  # noqa: S105


def handed_over(url: URL) -> int:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as session:
        return owning.hand_over(session)


@pytest.fixture
def member(server: DatabaseServer, database: URL) -> URL:
    """An account for migrations in a database that was handed over."""
    name, _ = server.role("migrating")
    assert handed_over(database) > 50
    with connection(database) as session:
        keep_login(session, name, SECRET, OWNER)
    return database.set(username=name, password=SECRET)


def test_nothing_of_ours_is_left_to_a_superuser(database: URL, member: URL) -> None:
    with connection(database) as session:
        left = session.execute(
            """
            SELECT c.oid::regclass::text
            FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('timescale_engine', 'live_edge', 'archive', '_timescaledb_internal')
              AND c.relkind IN ('r', 'p', 'v', 'S')
              AND pg_get_userbyid(c.relowner) <> 'oi_owner'
              AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
            """
        ).fetchall()
        jobs = session.execute(
            "SELECT DISTINCT owner::text FROM timescaledb_information.jobs WHERE job_id >= 1000"
        ).fetchall()
    assert left == []
    assert jobs in ([], [(OWNER,)])
    assert handed_over(database) == 0


def test_a_member_who_is_no_superuser_migrates_and_what_that_makes_belongs_to_the_role(
    database: URL, member: URL
) -> None:
    migrate.downgrade(member, "0017_predictions")
    migrate.upgrade(member)
    with connection(database) as session:
        made = "SELECT tableowner FROM pg_tables WHERE tablename = 'performance_samples'"
        assert session.execute(made).fetchone() == (OWNER,)
    with connection(member) as session, pytest.raises(errors.InsufficientPrivilege):
        session.execute("CREATE ROLE thief")


def test_what_an_administrator_migrates_afterwards_follows(database: URL, member: URL) -> None:
    migrate.downgrade(database, "0017_predictions")
    migrate.upgrade(database)
    assert handed_over(database) == 0


def test_whom_the_old_tables_belonged_to_goes_on_reading_and_writing_them(
    server: DatabaseServer, database: URL
) -> None:
    old = server.url_of("old program", database)
    name = sql.Identifier(old.username or "")
    with connection(database) as session:
        for table in ("exchange_metadata", "option_chain_snapshots"):
            given = sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(table), name)
            session.execute(given)
        session.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
    handed_over(database)
    with connection(old) as session:
        session.execute("UPDATE exchange_metadata SET last_atm_strike = 0")
        session.execute("SELECT FROM option_chain_snapshots")
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute("DROP TABLE exchange_metadata")


def test_the_roles_are_whole_after_a_hand_over(database: URL, member: URL) -> None:
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as session:
        assert granting.missing_rights(session) == []
        assert owning.is_handed_over(session)
        assert session.scalar(text("SELECT count(*) FROM oi_1m")) is not None


def test_a_command_hands_it_over_for_an_administrator_alone(
    server: DatabaseServer, database: URL, member: URL, plain_database: URL
) -> None:
    for url, code in ((plain_database, 1), (member, 1), (database, 0)):
        done = subprocess.run(
            [sys.executable, "-m", "db", "roles", "own"],
            cwd=ROOT,
            env={**os.environ, "OI_DATABASE_URL": url.render_as_string(hide_password=False)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
    assert "belongs to oi_owner; 0 objects" in done.stdout
