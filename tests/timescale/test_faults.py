"""Known faults of TimescaleDB: told by version, and shown where a server at hand has them."""

import pytest
from sqlalchemy import URL

from db.timescale.editions import Server
from db.timescale.faults import FAULTS, known_faults, release_of
from db.timescale.preflight import warnings
from tests.support.databases import DatabaseServer, connection


@pytest.mark.parametrize(
    ("version", "edition", "issues"),
    [
        ("2.21.4", "community", set()),
        ("2.22.0", "community", {10447, 10414}),
        ("2.29.1", "community", {10447, 10414}),
        ("2.29.2", "community", set()),
        ("2.30.0-dev", "community", set()),
        ("2.29.1", "apache", set()),
    ],
)
def test_faults_that_an_update_mends_are_told_by_version(
    version: str, edition: str, issues: set[int]
) -> None:
    server = Server(edition, version, 17)

    found = {fault.issue for fault in known_faults(server) if fault.until is not None}

    assert found == issues
    for issue in issues:
        assert any(f"#{issue}: " in line for line in warnings(server))


def test_what_nothing_here_meets_is_no_warning() -> None:
    told = " ".join(warnings(Server("community", "2.29.2", 17)))

    assert "#8800" in told
    assert not any(f"#{fault.issue}:" in told for fault in FAULTS if fault.is_avoided)


def test_a_version_without_a_patch_is_its_first() -> None:
    assert release_of("2.30") == (2, 30, 0)


def needs(server: DatabaseServer, issue: int) -> None:
    found = {
        fault.issue
        for fault in known_faults(Server(server.edition, server.timescaledb_version, 17))
    }
    if issue not in found:
        pytest.skip(f"{server} has no #{issue}")


COLUMNSTORE = """
    CREATE TABLE t (at timestamp NOT NULL, k int, v int, UNIQUE (at, k));
    SELECT create_hypertable('t', 'at', create_default_indexes => false);
    INSERT INTO t VALUES ('2026-01-01', NULL, 1), ('2026-01-01', 2, 2);
    ALTER TABLE t SET (timescaledb.compress, timescaledb.compress_segmentby = 'k');
"""


def test_conflicts_with_nulls_in_a_columnstore_are_missed(
    empty_database: URL, server: DatabaseServer
) -> None:
    """#9575: NULLS NOT DISTINCT holds among rows, but not in a chunk of the columnstore."""
    needs(server, 9575)
    with connection(empty_database) as session:
        session.execute(COLUMNSTORE.replace("UNIQUE (at, k)", "UNIQUE NULLS NOT DISTINCT (at, k)"))
        insert = "INSERT INTO t VALUES ('2026-01-01', NULL, 1) ON CONFLICT DO NOTHING"
        session.execute(insert)
        assert session.execute("SELECT count(*) FROM t").fetchone() == (2,)
        session.execute("SELECT compress_chunk(c) FROM show_chunks('t') c")
        session.execute(insert)
        assert session.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_a_delete_in_a_columnstore_does_not_reach_an_aggregate(
    empty_database: URL, server: DatabaseServer
) -> None:
    """#8800: a refresh of the whole range does not see it either, unless it is forced."""
    needs(server, 8800)
    with connection(empty_database) as session:
        session.execute(COLUMNSTORE)
        session.execute(
            "CREATE MATERIALIZED VIEW d WITH (timescaledb.continuous,"
            " timescaledb.materialized_only = true) AS"
            " SELECT time_bucket('1 day', at) AS day, count(*) AS n FROM t GROUP BY 1 WITH NO DATA"
        )
        session.execute("CALL refresh_continuous_aggregate('d', NULL, NULL)")
        session.execute("SELECT compress_chunk(c) FROM show_chunks('t') c")
        session.execute("DELETE FROM t WHERE k = 2")
        session.execute("CALL refresh_continuous_aggregate('d', '2026-01-01', '2026-01-02')")
        assert session.execute("SELECT sum(n) FROM d").fetchone() == (2,)
