"""What stops a migration before it changes anything, in one clear sentence."""

import threading

import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db.timescale.editions import FEATURES, Feature, Server, checked_server, read_server
from db.timescale.errors import ExtensionMissingError, LockNotAvailableError, UnsupportedError
from db.timescale.preflight import exclusive
from tests.support.databases import DatabaseServer
from tests.timescale.project import Project


def engine_of(url: URL):
    return create_engine(url, poolclass=NullPool)


def test_the_server_is_read_as_it_is(empty_database: URL, server: DatabaseServer) -> None:
    with engine_of(empty_database).connect() as connection:
        found = read_server(connection)
    assert found.edition == server.edition
    assert found.timescaledb_version == server.timescaledb_version
    assert server.postgres_version.startswith(str(found.postgres_version))


def test_a_database_without_the_extension_is_left_alone(plain_database: URL) -> None:
    engine = engine_of(plain_database)
    with pytest.raises(ExtensionMissingError, match="run CREATE EXTENSION"), exclusive(engine):
        pytest.fail("the migration began")


def test_one_migration_at_a_time(empty_database: URL) -> None:
    engine = engine_of(empty_database)
    with (
        exclusive(engine),
        pytest.raises(LockNotAvailableError, match=r"is running \(server process \d+\)"),
        exclusive(engine, patience_s=0.3),
    ):
        pytest.fail("a second migration began")
    with exclusive(engine, patience_s=0.3):
        pass


def test_a_second_migration_waits_for_the_first(empty_database: URL) -> None:
    engine = engine_of(empty_database)
    began = threading.Event()

    def second() -> None:
        with exclusive(engine, patience_s=30):
            began.set()

    with exclusive(engine):
        thread = threading.Thread(target=second)
        thread.start()
        assert not began.wait(0.5)
    thread.join()
    assert began.is_set()


def test_an_upgrade_waits_while_another_migration_runs(project: Project) -> None:
    project.write('op.create_table("t", sa.Column("a", sa.Integer))', 'op.drop_table("t")')
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            project.upgrade()
        except BaseException as error:
            failures.append(error)

    with exclusive(project.engine):
        thread = threading.Thread(target=upgrade)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert project.rows("SELECT to_regclass('t')") == [(None,)]
    thread.join()
    assert failures == []
    assert project.rows("SELECT count(*) FROM t") == [(0,)]


@pytest.mark.parametrize(
    ("license_", "version", "postgres", "message"),
    [
        ("apache", "2.18.2", 16, "TimescaleDB 2.18.2 is not supported: use 2.19 to"),
        ("timescale", "2.31.0", 17, "TimescaleDB 2.31.0 is not supported"),
        ("timescale", "3.0.0", 17, "TimescaleDB 3.0.0 is not supported"),
        ("timescale", "2.20.0", 14, "PostgreSQL 14 is not supported: use 15 to 18"),
        ("timescale", "2.29.2", 19, "PostgreSQL 19 is not supported"),
        ("", "2.20.0", 16, "timescaledb.license is ''"),
        (None, "2.20.0", 16, "timescaledb.license is None"),
        ("apache", "latest", 16, "'latest' is no TimescaleDB version"),
    ],
)
def test_what_is_not_known_is_refused(
    license_: str | None, version: str, postgres: int, message: str
) -> None:
    with pytest.raises(UnsupportedError, match=message):
        checked_server(license_, version, postgres)


@pytest.mark.parametrize("version", ["2.19.0", "2.28.3", "2.30.0-dev"])
@pytest.mark.parametrize("postgres", [15, 18])
def test_supported_versions_are_accepted(version: str, postgres: int) -> None:
    assert checked_server("apache", version, postgres).edition == "apache"


def test_features_are_gated_by_edition_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FEATURES, "novelty", Feature("novelties", since=(2, 29)))
    apache = Server("apache", "2.19.3", 17)
    community = Server("community", "2.19.3", 17)
    for name, feature in FEATURES.items():
        assert apache.has(name) is (not feature.community_only and feature.since <= (2, 19))
        assert community.has(name) is (feature.since <= (2, 19))
    with pytest.raises(UnsupportedError, match="Apache edition of TimescaleDB does not offer the"):
        apache.require("columnstore")
    with pytest.raises(UnsupportedError, match=r"2\.19\.3 does not offer novelties: .* from 2\.29"):
        community.require("novelty")
    with pytest.raises(UnsupportedError, match="'teleport' is no feature"):
        apache.has("teleport")


def test_what_takes_long_is_told(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    lines: list[str] = []
    monkeypatch.setattr("db.timescale.progress.QUIET_S", 0.1)
    monkeypatch.setattr("db.timescale.progress.notice", lines.append)
    project.write('op.execute("CREATE TABLE t AS SELECT pg_sleep(0.5)::text")', "pass")
    project.upgrade()
    assert lines[0].startswith("CREATE TABLE t AS SELECT pg_sleep(0.5)::text: ")
    assert lines[-1].startswith("CREATE TABLE t AS SELECT pg_sleep(0.5)::text: done in ")
