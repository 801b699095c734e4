"""Who may do what after the upgrade: old writers and readers need no right they did not have."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from alembic import command as alembic_command
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.baseline.tables import metadata
from db.rights import MissingRightsError, require_at
from db.timescale import preflight
from db.timescale.errors import LockNotAvailableError
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import DAYS, LATEST, contents, legacy_database, save

WRITE = sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}")
READ = sql.SQL("GRANT SELECT ON {} TO {}")


def grant(url: URL, server: DatabaseServer, name: str, statement: sql.SQL) -> URL:
    """A role with one grant on each of the old tables and, for its numbers, on their sequences."""
    role = sql.Identifier(server.role(name)[0])
    with connection(url) as session:
        for table in metadata.tables:
            session.execute(statement.format(sql.Identifier(table), role))
        session.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role))
    return server.url_of(name, url)


@pytest.fixture
def roles(server: DatabaseServer, empty_database: URL) -> tuple[URL, URL, URL]:
    """Owner, writer and reader of a legacy database that has been upgraded since."""
    legacy_database(empty_database)
    writer = grant(empty_database, server, "writer", WRITE)
    reader = grant(empty_database, server, "reader", READ)
    migrate.upgrade(empty_database)
    return empty_database, writer, reader


@pytest.fixture(scope="module")
def migrated(server: DatabaseServer) -> Iterator[URL]:
    """One database at head for all that only looks."""
    with server.database("migrated") as url:
        yield url


def test_writers_and_readers_of_the_old_program_go_on(roles: tuple[URL, URL, URL]) -> None:
    owner, writer, reader = roles
    newest = DAYS[1] + timedelta(hours=2)

    with connection(writer) as session:
        with session.transaction():
            save(session, "NSE", newest, 3)
        assert session.execute(LATEST, {"exchange": "NSE"}).fetchone() is not None
        session.execute("DELETE FROM option_chain_snapshots WHERE timestamp < %s", [DAYS[1]])
    with connection(reader) as session:
        for table in metadata.tables:
            session.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("DELETE FROM option_chain_snapshots")
    with connection(owner) as session:
        (shown,) = session.execute(
            "SELECT timestamp FROM chain_summary WHERE exchange = 'NSE'"
        ).fetchone()
        (kept,) = session.execute("SELECT min(timestamp) FROM snapshots").fetchone()
    assert shown == newest
    assert kept >= DAYS[1]


def test_a_hostile_search_path_changes_nothing_that_triggers_do(
    roles: tuple[URL, URL, URL],
) -> None:
    owner, writer, _ = roles
    newest = DAYS[1] + timedelta(hours=2)
    with connection(owner) as session:
        session.execute("CREATE SCHEMA trap")
        session.execute(
            "CREATE FUNCTION trap.coalesce_trap() RETURNS int LANGUAGE sql AS 'SELECT 1'"
        )
        for signature in ("now() RETURNS timestamptz", "clock_timestamp() RETURNS timestamptz"):
            session.execute(
                f"CREATE FUNCTION trap.{signature} LANGUAGE sql AS 'SELECT NULL::timestamptz'"
            )
        session.execute(
            "CREATE FUNCTION trap.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT 1 / 0'"
        )
        session.execute("CREATE VIEW trap.snapshots AS SELECT 1 / 0 AS broken")
        session.execute("GRANT USAGE ON SCHEMA trap TO PUBLIC")
    with connection(writer) as session:
        session.execute("SET search_path = trap, public, pg_catalog")
        with session.transaction():
            save(session, "NSE", newest, 3)
    with connection(owner) as session:
        (shown,) = session.execute(
            "SELECT timestamp FROM chain_summary WHERE exchange = 'NSE'"
        ).fetchone()
        session.execute("SET search_path = trap, public, pg_catalog")
        session.execute("CALL timescale_engine.run_due_policies()")
    assert shown == newest


UNPINNED = """
    SELECT p.oid::regprocedure::text
    FROM pg_proc AS p
    WHERE p.pronamespace IN ('timescale_engine'::regnamespace, 'live_edge'::regnamespace)
      AND p.prokind = 'f'
      AND p.prosqlbody IS NULL -- parsed when it was made, it needs none
      AND NOT EXISTS (
          SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%'
      )
"""
COMMITTING = """
    SELECT p.proname
    FROM pg_proc AS p
    WHERE p.pronamespace = 'timescale_engine'::regnamespace AND p.prokind = 'p'
    ORDER BY p.proname
"""
HOLDS_EXTENSION = """
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid),
           pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
    FROM pg_depend AS d
    JOIN pg_depend AS e
      ON e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'
    JOIN pg_extension AS x ON x.oid = e.refobjid AND x.extname = 'timescaledb'
    LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
    LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_class AS v ON v.oid = r.ev_class
    WHERE coalesce(p.pronamespace, v.relnamespace) IN (
        SELECT oid FROM pg_namespace
        WHERE nspname IN ('public', 'live_edge', 'timescale_engine', 'archive')
    )
      AND NOT EXISTS (
          SELECT
          FROM pg_depend AS own
          WHERE own.deptype = 'e'
            AND own.classid = CASE WHEN p.oid IS NULL THEN 'pg_class' ELSE 'pg_proc' END::regclass
            AND own.objid = coalesce(p.oid, v.oid)
      )
      -- functions are replaced in place, and a view may call them
      AND NOT (r.oid IS NOT NULL AND d.refclassid = 'pg_proc'::regclass)
"""


def test_every_function_has_its_search_path_pinned(database: URL) -> None:
    with connection(database) as session:
        assert session.execute(UNPINNED).fetchall() == []
        # a procedure that commits may have no setting of its own: it names everything whole
        committing = [name for (name,) in session.execute(COMMITTING)]
    assert committing == [
        "archive_job",
        "empty_archive",
        "refresh_rollup",
        "run_due_job",
        "run_due_policies",
    ]


def test_nothing_holds_an_update_of_the_extension_back(database: URL) -> None:
    """ALTER EXTENSION … UPDATE drops and makes its views: nothing may depend on them."""
    with connection(database) as session:
        assert session.execute(HOLDS_EXTENSION).fetchall() == []
        views = session.execute(
            "SELECT format('%I.%I', schemaname, viewname) FROM pg_views"
            " WHERE schemaname IN ('timescaledb_information', 'timescaledb_experimental')"
        ).fetchall()
        with session.transaction(force_rollback=True):
            for (view,) in views:
                session.execute(f"ALTER EXTENSION timescaledb DROP VIEW {view}")
            session.execute(f"DROP VIEW {', '.join(view for (view,) in views)}")


def test_a_missing_right_is_named_with_its_grant_before_anything_changes(
    server: DatabaseServer, empty_database: URL
) -> None:
    legacy_database(empty_database)
    stranger = server.url_of("stranger", empty_database)

    with pytest.raises(MissingRightsError) as raised:
        migrate.upgrade(stranger)

    owner = server.role("owner")[0]
    role = server.role("stranger")[0]
    assert f"GRANT {owner} TO {role};" in str(raised.value)
    assert f"GRANT CREATE ON DATABASE {empty_database.database} TO {role};" in str(raised.value)
    with connection(empty_database) as session:
        found = session.execute("SELECT to_regclass('alembic_version')").fetchone()
    assert found == (None,)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("convert", "GRANT CREATE ON DATABASE"),
        ("archive", "ownership of public.option_chain_snapshots"),
        ("maintain", "ownership of what is in timescale_engine"),
        ("import", "reading and writing public.ml_features"),
        ("status", "GRANT USAGE ON SCHEMA timescale_engine"),
        ("migrate", "ownership of public.chain_summary"),
    ],
)
def test_each_command_names_what_a_stranger_lacks_and_its_owner_lacks_nothing(
    server: DatabaseServer, migrated: URL, command: str, words: str
) -> None:
    table = "public.option_chain_snapshots"
    with pytest.raises(MissingRightsError) as raised:
        require_at(server.url_of("stranger", migrated), command, table)
    assert words in str(raised.value)
    require_at(migrated, command, table)


def test_a_member_of_the_owner_reaches_head_and_comes_back(
    server: DatabaseServer, empty_database: URL
) -> None:
    legacy_database(empty_database)
    before = contents(empty_database)
    member = server.url_of("member", empty_database)
    with connection(server.admin_url) as session:
        session.execute(f"GRANT {server.role('owner')[0]} TO {server.role('member')[0]}")

    migrate.upgrade(member)
    assert contents(empty_database) == before
    migrate.downgrade(member, "base")
    assert contents(empty_database) == before


def test_a_superuser_may_migrate_what_another_role_owns(
    server: DatabaseServer, empty_database: URL
) -> None:
    legacy_database(empty_database)
    before = contents(empty_database)
    admin = server.url(empty_database.database or "")

    migrate.upgrade(admin)

    assert contents(empty_database) == before
    with connection(empty_database) as session, session.transaction():
        save(session, "NSE", DAYS[1] + timedelta(hours=2), 3)
    migrate.downgrade(admin, "base")


@pytest.mark.parametrize("look", ["current", "check", "history", "heads"])
def test_looking_waits_for_no_migration(migrated: URL, look: str) -> None:
    commands = {
        "current": alembic_command.current,
        "check": alembic_command.check,
        "history": partial(alembic_command.history, indicate_current=True),
        "heads": alembic_command.heads,
    }
    with preflight.exclusive(create_engine(migrated, poolclass=NullPool)):
        commands[look](migrate.configuration(migrated))


def test_a_check_beside_a_locked_table_gives_up_in_one_sentence(migrated: URL) -> None:
    with connection(migrated) as session, session.transaction():
        session.execute("LOCK TABLE option_chain_snapshots IN ACCESS EXCLUSIVE MODE")
        alembic_command.current(migrate.configuration(migrated))
        with pytest.raises(LockNotAvailableError, match="looking waits for none"):
            alembic_command.check(migrate.configuration(migrated))
