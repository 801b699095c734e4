"""The roles have the rights they need and no others, in each database by itself."""

import tempfile
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.roles import granting
from db.roles.declared import READER, ROLES, WEB, WRITER
from db.roles.logins import keep_login
from tests.support.databases import DatabaseServer, connection

DENIED = psycopg.errors.InsufficientPrivilege
SECOND = "second password"
OF_THE_MARKET = "SELECT FROM option_chain_snapshots"


@pytest.fixture(scope="module")
def migrated(server: DatabaseServer) -> Iterator[URL]:
    """One database at head for all that changes no right."""
    with server.database("migrated") as url:
        yield url


def missing(url: URL) -> list[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as session:
        return granting.missing_rights(session)


def brought_up(url: URL) -> list[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as session:
        return granting.bring_up(session)


def given(url: URL) -> list[tuple[str, str]]:
    """(relation, role) of each right that one of the roles holds in a database."""
    query = """
        SELECT c.oid::regclass::text, acl.grantee::regrole::text
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
        WHERE acl.grantee = ANY(%s::regrole[])
        UNION
        SELECT a.attrelid::regclass::text, acl.grantee::regrole::text
        FROM pg_attribute AS a
        CROSS JOIN LATERAL aclexplode(a.attacl) AS acl
        WHERE acl.grantee = ANY(%s::regrole[])
        UNION
        SELECT n.nspname, acl.grantee::regrole::text
        FROM pg_namespace AS n
        CROSS JOIN LATERAL aclexplode(n.nspacl) AS acl
        WHERE acl.grantee = ANY(%s::regrole[])
    """
    with connection(url) as session:
        return session.execute(query, [list(ROLES)] * 3).fetchall()


def test_an_upgrade_gives_every_right(migrated: URL) -> None:
    assert missing(migrated) == []


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY site_attempts (name) FROM PROGRAM 'id'",
        "COPY (SELECT 1) TO '/tmp/oi-stolen'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
        "SET ROLE oi_writer",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "CREATE ROLE thief SUPERUSER",
        "CREATE TABLE public.mine (id integer)",
        "CREATE SCHEMA mine",
        "ALTER TABLE option_chain_snapshots ADD COLUMN mine text",
        "DROP TABLE snapshots",
        "TRUNCATE option_chain_latest",
        "INSERT INTO option_chain_snapshots DEFAULT VALUES",
        "UPDATE option_chain_latest SET oi = 0",
        "DELETE FROM option_chain_snapshots",
        "UPDATE chain_summary SET pcr = 0",
        "INSERT INTO site_users VALUES ('thief', 'x', 'admin')",
        "UPDATE site_users SET role = 'admin'",
        "UPDATE site_sessions SET username = 'admin'",
        "UPDATE predictions SET signal = 'BUY'",
        "UPDATE alerts SET owner = 'thief'",
        "DELETE FROM alert_events",
        "UPDATE paper_fills SET price = 0",
        "DELETE FROM paper_orders",
        "INSERT INTO collector_leases VALUES ('NSE', 'thief', 1, now())",
        "DELETE FROM alembic_version",
        "DELETE FROM timescale_engine.policy",
    ],
)
def test_the_pages_account_can_do_nothing_but_its_own(
    server: DatabaseServer, migrated: URL, statement: str
) -> None:
    with connection(server.as_member(WEB, migrated)) as session, pytest.raises(DENIED):
        session.execute(statement)


@pytest.mark.parametrize(
    "relation",
    [
        *("site_users", "site_sessions", "site_attempts", "site_second_factors"),
        *("alerts", "paper_fills"),
    ],
)
def test_who_only_reads_the_market_sees_nothing_of_people(
    server: DatabaseServer, migrated: URL, relation: str
) -> None:
    with connection(server.as_member(READER, migrated)) as session:
        session.execute(OF_THE_MARKET)
        session.execute("SELECT FROM oi_1m")
        session.execute("SELECT FROM option_chain_snapshots_history")
        with pytest.raises(DENIED):
            session.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(relation)))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM site_users",
        "SELECT FROM site_sessions",
        "SELECT FROM site_second_factors",
        "TRUNCATE option_chain_snapshots",
        "CREATE TABLE public.mine (id integer)",
        "DROP TABLE alerts",
        "COPY snapshots (exchange) FROM PROGRAM 'id'",
    ],
)
def test_who_stores_the_market_neither_sees_people_nor_changes_tables(
    server: DatabaseServer, migrated: URL, statement: str
) -> None:
    with connection(server.as_member(WRITER, migrated)) as session, pytest.raises(DENIED):
        session.execute(statement)


def test_a_downgrade_takes_back_what_one_database_gave_and_no_more(
    server: DatabaseServer, database: URL, migrated: URL
) -> None:
    before = given(migrated)
    assert before

    migrate.downgrade(database, "0019_roles")
    migrate.downgrade(database, "-1")

    assert given(database) == []
    assert given(migrated) == before
    migrate.upgrade(database)
    assert missing(database) == []


def test_a_right_that_was_taken_away_comes_back_with_the_command(database: URL) -> None:
    with connection(database) as session:
        session.execute("REVOKE SELECT ON snapshots FROM oi_reader")
    assert missing(database) == [f"GRANT SELECT ON public.snapshots TO {READER}"]

    assert brought_up(database) == []

    assert missing(database) == []


def test_what_an_administrator_takes_from_everybody_the_roles_still_have(
    server: DatabaseServer,
) -> None:
    """Functions are everybody's by PostgreSQL's default, which a careful owner ends."""
    with server.owned_database("extension") as url:
        with connection(url) as owner:
            owner.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        migrate.upgrade(url)
        assert missing(url) == []
        with connection(server.as_member(WEB, url)) as pages:
            pages.execute("SELECT FROM oi_1m")
            pages.execute("SELECT market_now()")
        with connection(server.as_member(WRITER, url)) as collector:
            collector.execute("SELECT live_edge.open_stage()")


def test_an_owner_who_may_make_no_roles_is_told_what_an_administrator_may_run(
    server: DatabaseServer, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(granting, "ROLES", (*ROLES, "oi_nobody_made"))
    plain = server.url_of("plain", database)

    assert brought_up(plain) == ["CREATE ROLE oi_nobody_made NOLOGIN"]


def test_a_password_is_sent_as_what_the_server_keeps_of_it(
    server: DatabaseServer, migrated: URL
) -> None:
    name, _ = server.role("told")
    with connection(migrated) as session, tempfile.TemporaryFile() as wire:
        session.pgconn.trace(wire.fileno())
        keep_login(session, name, SECOND, WEB)
        session.pgconn.untrace()
        wire.seek(0)
        sent = wire.read()
    # a statement's text stands in the server's log and in pg_stat_statements
    assert b"SCRAM-SHA-256" in sent
    assert SECOND.encode() not in sent
    with connection(migrated.set(username=name, password=SECOND)) as session:
        session.execute(OF_THE_MARKET)


def test_an_account_gets_one_role_and_a_mighty_one_is_left_alone(
    server: DatabaseServer, migrated: URL
) -> None:
    name, _ = server.role("changing")
    with connection(migrated) as session:
        keep_login(session, name, "first password", WRITER)
        keep_login(session, name, SECOND, WEB)
        (held,) = session.execute(
            "SELECT array_agg(roleid::regrole::text) FROM pg_auth_members"
            " WHERE member = %s::regrole",
            [f'"{name}"'],
        ).fetchone()
        mighty = server.admin_url.username
        with pytest.raises(Exception, match="choose another name"):
            keep_login(session, str(mighty), "mine now", WEB)
    assert held == [WEB]
    with connection(migrated.set(username=name, password=SECOND)) as session:
        session.execute(OF_THE_MARKET)
