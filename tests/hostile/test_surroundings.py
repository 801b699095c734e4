"""Names, passwords and places of a database that nobody expected."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from psycopg import sql
from sqlalchemy import URL

from db import migrate
from db.ahead import HostileDatabaseError
from db.errors import DatabaseUnavailableError
from db.urls import conninfo
from tests.hostile.states import state
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import contents, legacy_database, legacy_tables

ODD = 'o\'i "x" %41 ₹/?@:'


@contextmanager
def odd_database(server: DatabaseServer) -> Iterator[URL]:
    """A database, its owner and the owner's password with every awkward character."""
    # roles and databases are the cluster's: a session has its own
    name = f"{ODD} {server.role('owner')[0][-20:]}"
    odd = sql.Identifier(name)
    with connection(server.admin_url) as session:
        session.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(odd, sql.Literal(ODD + "\\"))
        )
        session.execute(sql.SQL("CREATE DATABASE {0} OWNER {0} TEMPLATE template0").format(odd))
    try:
        yield server.url(name).set(username=name, password=ODD + "\\")
    finally:
        with connection(server.admin_url) as session:
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(odd))
            session.execute(sql.SQL("DROP ROLE {}").format(odd))


def test_names_and_passwords_may_have_any_character(server: DatabaseServer) -> None:
    with odd_database(server) as url:
        legacy_database(url)
        before = contents(url)
        migrate.upgrade(url)
        assert contents(url) == before
        migrate.downgrade(url, "base")
        assert contents(url) == before


def refused(url: URL, server: DatabaseServer) -> str:
    """What an upgrade is told; the database, as its administrator sees it, is what it was."""
    seen = server.url(url.database or "")
    before = state(seen)
    with pytest.raises(HostileDatabaseError) as raised:
        migrate.upgrade(url)
    assert state(seen) == before
    return str(raised.value)


def test_the_extension_in_another_schema_is_named(
    server: DatabaseServer, plain_database: URL
) -> None:
    with connection(plain_database) as session:
        session.execute("CREATE SCHEMA ext")
        session.execute("CREATE EXTENSION timescaledb SCHEMA ext")
    legacy_tables(plain_database)

    assert "The extension timescaledb is in the schema ext" in refused(plain_database, server)


def test_a_table_in_a_tablespace_is_named(server: DatabaseServer, hostile: URL, admin: URL) -> None:
    place = sql.Identifier(f"{hostile.database}_place")
    with connection(admin) as session:
        session.execute("SET allow_in_place_tablespaces = on")
        session.execute(sql.SQL("CREATE TABLESPACE {} LOCATION ''").format(place))
        try:
            move = sql.SQL("ALTER TABLE macro_signals SET TABLESPACE {}")
            session.execute(move.format(place))
            assert "macro_signals: It lies in the tablespace" in refused(admin, server)
            session.execute(move.format(sql.Identifier("pg_default")))
        finally:
            session.execute(sql.SQL("DROP TABLESPACE {}").format(place))


def test_a_restore_that_was_never_ended_is_named(server: DatabaseServer, hostile: URL) -> None:
    with connection(server.url(hostile.database or "")) as session:
        statement = sql.SQL("ALTER DATABASE {} SET timescaledb.restoring = 'on'")
        session.execute(statement.format(sql.Identifier(hostile.database or "")))

    assert "SELECT timescaledb_post_restore()" in refused(hostile, server)


LIMITS = {
    "role": (
        "ALTER ROLE {role} CONNECTION LIMIT {most}",
        "left to the role {role}, and a conversion",
    ),
    "database": (
        "ALTER DATABASE {database} CONNECTION LIMIT {most}",
        "left to the database {database}",
    ),
}


@pytest.mark.parametrize("whose", LIMITS)
def test_a_limit_of_connections_is_named(
    server: DatabaseServer, hostile: URL, admin: URL, whose: str
) -> None:
    """A conversion that met it half-way would have changed the database by then."""
    statement, words = LIMITS[whose]
    role, database = server.role("owner")[0], hostile.database or ""
    before = state(admin)

    def limit(most: int) -> None:
        named = {"role": sql.Identifier(role), "database": sql.Identifier(database)}
        with connection(admin) as session:
            session.execute(sql.SQL(statement).format(**named, most=sql.Literal(most)))

    try:
        limit(7)
        with pytest.raises(HostileDatabaseError) as raised:
            migrate.upgrade(hostile)
        limit(1)
        with connection(hostile), pytest.raises(DatabaseUnavailableError, match="too many conn"):
            migrate.upgrade(hostile)
    finally:
        limit(-1)
    said = str(raised.value)
    assert re.search(
        "Only [1-5] connections are " + words.format(role=role, database=database), said
    )
    assert state(admin) == before


def test_a_server_without_free_connections_is_named(server: DatabaseServer, hostile: URL) -> None:
    if server.name != "local":
        pytest.skip("others would be kept from a server that is theirs")
    with ExitStack() as held:
        session = held.enter_context(connection(server.admin_url))
        (free,) = session.execute(
            """
            SELECT sum(setting::int) FILTER (WHERE name = 'max_connections')
                   - sum(setting::int) FILTER (WHERE name <> 'max_connections')
                   - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
            FROM pg_settings
            WHERE name IN (
                'max_connections', 'superuser_reserved_connections', 'reserved_connections'
            )
            """
        ).fetchone() or (0,)
        for _ in range(free - 7):
            held.enter_context(connection(server.admin_url))
        assert "connections are left, and a conversion takes six" in refused(hostile, server)


def test_a_subscriber_is_named(server: DatabaseServer, hostile: URL, admin: URL) -> None:
    """What comes from a publisher goes past a hypertable's chunks."""
    with server.database("plain") as publisher:
        legacy_tables(publisher)
        with connection(publisher) as session:
            session.execute("CREATE PUBLICATION chain FOR TABLE option_chain_snapshots")
        with connection(admin) as session:
            session.execute(
                sql.SQL(
                    "CREATE SUBSCRIPTION copy CONNECTION {} PUBLICATION chain WITH "
                    "(slot_name = NONE, create_slot = false, enabled = false, copy_data = false)"
                ).format(sql.Literal(conninfo(publisher)))
            )
            try:
                assert "The subscription copy writes into it" in refused(hostile, server)
            finally:
                session.execute("DROP SUBSCRIPTION copy")
