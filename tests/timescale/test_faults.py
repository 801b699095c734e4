"""Known faults of TimescaleDB: told by version, and shown where a server at hand has them."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import URL

from db.timescale.editions import Server
from db.timescale.faults import FAULTS, known_faults, release_of
from db.timescale.preflight import warnings
from tests.support.databases import DatabaseServer, connection


@pytest.mark.parametrize(
    ("version", "edition", "issues"),
    [
        ("2.20.3", "community", set()),
        ("2.22.0", "community", {10447, 10414, 8800}),
        ("2.29.1", "community", {10447, 10414, 8800}),
        ("2.29.2", "community", set()),
        ("2.30.0-dev", "community", set()),
        ("2.29.1", "apache", set()),
    ],
)
def test_faults_that_an_update_mends_are_told_by_version(
    version: str, edition: str, issues: set[int]
) -> None:
    server = Server(edition, version, 17)

    mended = [f for f in known_faults(server) if f.until is not None and not f.is_avoided]
    found = {fault.issue for fault in mended}

    assert found == issues
    for issue in issues:
        assert any(f"#{issue}: " in line for line in warnings(server))


def test_what_nothing_here_meets_is_no_warning() -> None:
    told = " ".join(warnings(Server("community", "2.22.0", 17)))

    assert "#8800" in told
    assert not any(f"#{fault.issue}:" in told for fault in FAULTS if fault.is_avoided)


def test_a_version_without_a_patch_is_its_first() -> None:
    assert release_of("2.30") == (2, 30, 0)


@pytest.fixture
def community(empty_database: URL, server: DatabaseServer) -> Iterator[psycopg.Connection]:
    """An empty database of a Community server, in autocommit."""
    if server.edition != "community":
        pytest.skip("the Apache edition has no columnstore")
    with connection(empty_database) as session:
        session.execute("SET client_min_messages = error")
        yield session


def has(server: DatabaseServer, issue: int) -> bool:
    found = known_faults(Server(server.edition, server.timescaledb_version, 17))
    return issue in {fault.issue for fault in found}


def test_a_null_that_the_columnstore_segments_by_is_no_conflict(
    community: psycopg.Connection, server: DatabaseServer
) -> None:
    """#10057, so that the columns of every key here are NOT NULL."""
    insert = "INSERT INTO t VALUES ('2026-01-01', 1, NULL) ON CONFLICT DO NOTHING"
    community.execute(
        """
        CREATE TABLE t (at timestamp NOT NULL, a int, b int, UNIQUE NULLS NOT DISTINCT (b, at));
        SELECT create_hypertable('t', 'at', create_default_indexes => false);
        ALTER TABLE t SET (timescaledb.compress, timescaledb.compress_segmentby = 'a, b')
        """
    )
    community.execute(insert)
    community.execute("SELECT compress_chunk(c) FROM show_chunks('t') AS c")
    community.execute(insert)

    rows = 2 if has(server, 10057) else 1
    assert community.execute("SELECT count(*) FROM t").fetchone() == (rows,)


def test_a_delete_of_whole_batches_reaches_an_aggregate_where_the_fault_is_mended(
    community: psycopg.Connection, server: DatabaseServer
) -> None:
    """#8800."""
    if has(server, 8800):
        pytest.skip("this version may have it or not")
    community.execute(
        """
        CREATE TABLE t (at timestamp NOT NULL, k int);
        SELECT create_hypertable('t', 'at');
        INSERT INTO t VALUES ('2026-01-01', 1), ('2026-01-01', 2);
        ALTER TABLE t SET (timescaledb.compress, timescaledb.compress_segmentby = 'k');
        CREATE MATERIALIZED VIEW d
        WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
        SELECT time_bucket('1 day', at) AS day, count(*) AS n FROM t GROUP BY 1 WITH NO DATA
        """
    )
    community.execute("CALL refresh_continuous_aggregate('d', NULL, NULL)")
    community.execute("SELECT compress_chunk(c) FROM show_chunks('t') AS c")
    community.execute("DELETE FROM t WHERE k = 2")
    community.execute("CALL refresh_continuous_aggregate('d', '2026-01-01', '2026-01-02')")

    assert community.execute("SELECT sum(n) FROM d").fetchone() == (1,)


def test_no_key_of_ours_may_hold_a_null(database: URL) -> None:
    with connection(database) as session:
        nullable = session.execute(
            """
            SELECT i.indexrelid::regclass::text, a.attname
            FROM pg_index AS i
            JOIN pg_class AS c ON c.oid = i.indrelid
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE i.indisunique
              AND NOT a.attnotnull
              AND c.relnamespace IN ('public'::regnamespace, 'archive'::regnamespace)
            """
        ).fetchall()
    assert nullable == []
