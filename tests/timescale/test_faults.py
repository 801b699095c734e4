"""Known faults of TimescaleDB: told by version, and shown where a server at hand has them."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db.schema import metadata
from db.status.findings import Finding, findings
from db.status.reading import read
from db.timescale.editions import Server
from db.timescale.faults import FAULTS, known_faults, release_of
from db.timescale.preflight import warnings
from db.timescale.specs import ColumnstoreSpec, declared
from tests.support.databases import DatabaseServer, connection
from tests.support.paths import ROOT
from tests.support.streaming import alone, programs_of
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("version", "edition", "issues"),
    [
        ("2.20.3", "community", set()),
        ("2.22.0", "community", {10447, 8800}),
        ("2.29.1", "community", {10447, 8800}),
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


MIXED = """
    CREATE TABLE t (at timestamp NOT NULL, k text NOT NULL, v int);
    SELECT create_hypertable('t', 'at', chunk_time_interval => INTERVAL '1 day');
    CREATE INDEX ON t (k, at DESC);
    ALTER TABLE t SET (
        timescaledb.compress, timescaledb.compress_segmentby = 'k',
        timescaledb.compress_orderby = 'at DESC'
    );
    INSERT INTO t
    SELECT '2026-01-01'::timestamp + n * INTERVAL '1 hour', 'k' || k, n
    FROM generate_series(0, 71) AS n, generate_series(1, 20) AS k;
    SELECT compress_chunk(c) FROM show_chunks('t', older_than => '2026-01-03'::timestamp) AS c;
    INSERT INTO t SELECT '2026-01-02 23:30', 'k' || k, 99 FROM generate_series(1, 20) AS k;
    ANALYZE t
"""


def test_the_newest_row_of_each_is_found_where_the_fault_of_skipscan_is_mended(
    community: psycopg.Connection, server: DatabaseServer
) -> None:
    """#10447: over chunks of both stores, a descending order gave the oldest."""
    if has(server, 10447):
        pytest.skip("this version may have it or not")
    community.execute(MIXED)
    community.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    newest = community.execute("SELECT k, max(at) FROM t GROUP BY k ORDER BY k").fetchall()
    query = "SELECT DISTINCT ON (k) k, at FROM t ORDER BY k, at DESC"
    plan = community.execute(f"EXPLAIN {query}").fetchall()
    assert "SkipScan" in str(plan)
    assert community.execute(query).fetchall() == newest


def test_nothing_that_is_read_here_has_the_shape_of_that_fault() -> None:
    """#10447: DISTINCT over a table of the columnstore, or the archive, or the view of both."""
    stored = "option_chain_snapshots"
    assert all(stored in spec.relation for spec in declared(metadata, ColumnstoreSpec))
    statements = [
        (path.name, part)
        for folder in ("app", "db/queries", "db/ingest", "db/status", "alembic/versions/sql")
        for path in (ROOT / folder).rglob("*.sql")
        for part in re.split(r";|\n-- name:", path.read_text())
        if re.search(r"\bDISTINCT ON\b|count\(DISTINCT\b", part, re.IGNORECASE)
    ]
    # of small tables that no columnstore holds
    assert sorted(name for name, _ in statements) == ["macro.sql", "signals.sql"]
    assert not any(stored in part for _, part in statements)


def test_an_empty_sparse_index_ends_the_server_until_it_is_reset_as_status_says(
    server: DatabaseServer,
) -> None:
    """#10414, on a server of its own."""
    if not has(server, 10414):
        pytest.skip("this version knows no sparse index")
    delete = "DELETE FROM t WHERE k = 'k3' AND v = 7"
    with alone(programs_of(server)) as url:
        with connection(url) as session:
            session.execute("SET client_min_messages = error")
            session.execute(MIXED)
            session.execute("ALTER TABLE t SET (timescaledb.sparse_index = '')")
            session.execute("SELECT compress_chunk(c, recompress => true) FROM show_chunks('t') c")
            with pytest.raises(psycopg.OperationalError, match="server closed the connection"):
                session.execute(delete)
        eventually(lambda: answers(url))

        assert [one.text for one in red(url) if "ALTER TABLE t RESET" in one.text]
        with connection(url) as session:
            session.execute("ALTER TABLE t RESET (timescaledb.sparse_index)")
            # with `recompress` alone a chunk keeps what it was told before
            session.execute("SELECT decompress_chunk(c, true) FROM show_chunks('t') AS c")
            session.execute("SELECT compress_chunk(c) FROM show_chunks('t') AS c")
            assert session.execute(delete).rowcount == 1
        assert not [one.text for one in red(url) if one.subject == "t"]


def red(url: URL) -> list[Finding]:
    found = findings(read(create_engine(url, poolclass=NullPool)))
    return [one for one in found if one.severity == "red"]


def answers(url: URL) -> bool:
    """Whether a server takes connections."""
    try:
        connection(url).close()
    except psycopg.OperationalError:
        return False
    return True


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
