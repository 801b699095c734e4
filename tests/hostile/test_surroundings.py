"""Names, passwords and places of a database that nobody expected."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import sql
from sqlalchemy import URL

from db import migrate
from db.ahead import HostileDatabaseError
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


def refused(url: URL) -> str:
    before = state(url)
    with pytest.raises(HostileDatabaseError) as raised:
        migrate.upgrade(url)
    assert state(url) == before
    return str(raised.value)


def test_the_extension_in_another_schema_is_named(plain_database: URL) -> None:
    with connection(plain_database) as session:
        session.execute("CREATE SCHEMA ext")
        session.execute("CREATE EXTENSION timescaledb SCHEMA ext")
    legacy_tables(plain_database)

    assert "The extension timescaledb is in the schema ext" in refused(plain_database)


def test_a_table_in_a_tablespace_is_named(hostile: URL, admin: URL) -> None:
    place = sql.Identifier(f"{hostile.database}_place")
    with connection(admin) as session:
        session.execute("SET allow_in_place_tablespaces = on")
        session.execute(sql.SQL("CREATE TABLESPACE {} LOCATION ''").format(place))
        try:
            move = sql.SQL("ALTER TABLE macro_signals SET TABLESPACE {}")
            session.execute(move.format(place))
            assert "macro_signals: It lies in the tablespace" in refused(admin)
            session.execute(move.format(sql.Identifier("pg_default")))
        finally:
            session.execute(sql.SQL("DROP TABLESPACE {}").format(place))
