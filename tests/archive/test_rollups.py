"""What rollups keep of archived rows, and what of the table they keep from the archive."""

from datetime import timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db.archive import moving
from db.archive.errors import ArchiveError
from db.timescale.documents import rollup_document
from db.timescale.maintenance import fill_all, run_due
from db.timescale.specs import Aggregate, RollupSpec
from tests.archive.test_killing import back

ROLLUPS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1)}


@pytest.fixture
def rolled_up(archived_database: URL, session: psycopg.Connection) -> URL:
    """The database with an hourly and a daily rollup of readings, not filled yet."""
    for name, bucket in ROLLUPS.items():
        spec = RollupSpec(
            name=name,
            source="readings",
            time_column="taken_at",
            bucket=bucket,
            group_by=("sensor",),
            aggregates=(
                Aggregate(name="warmest", expression="max(celsius)"),
                Aggregate(name="readings", expression="count(*)"),
            ),
        )
        session.execute("SELECT timescale_engine.create_rollup(%s)", [Jsonb(rollup_document(spec))])
    return archived_database


def fill(url: URL) -> None:
    """Every rollup takes what its source holds."""
    fill_all(create_engine(url, poolclass=NullPool), lambda line: None)


def buckets(session: psycopg.Connection) -> list[list[tuple]]:
    """What readers see of each rollup."""
    return [
        session.execute(
            psycopg.sql.SQL("SELECT * FROM {} ORDER BY bucket, sensor").format(
                psycopg.sql.Identifier(name)
            )
        ).fetchall()
        for name in ROLLUPS
    ]


def replay_of_old_rows(session: psycopg.Connection) -> None:
    """Nothing newer than fifteen days, and a last day that ends at noon."""
    session.execute(
        "DELETE FROM readings WHERE taken_at > localtimestamp::DATE - 15 + INTERVAL '12 hours'"
    )


def test_rollups_are_the_same_after_the_archive_and_after_the_way_back(
    rolled_up: URL, session: psycopg.Connection
) -> None:
    fill(rolled_up)
    before = buckets(session)

    moving.run(rolled_up, "readings")
    assert buckets(session) == before
    fill(rolled_up)
    assert buckets(session) == before
    back(rolled_up)
    assert buckets(session) == before
    fill(rolled_up)

    assert buckets(session) == before


def test_rollups_keep_what_is_still_archived_beside_a_restored_window(
    rolled_up: URL, session: psycopg.Connection
) -> None:
    fill(rolled_up)
    before = buckets(session)
    moving.run(rolled_up, "readings")
    row = session.execute("SELECT min(taken_at) FROM readings_history").fetchone()
    assert row is not None

    moving.restore(rolled_up, "readings", row[0], row[0] + timedelta(days=3))
    fill(rolled_up)

    assert buckets(session) == before


def test_the_newest_chunk_is_not_due_however_old_it_is(
    rolled_up: URL, session: psycopg.Connection
) -> None:
    replay_of_old_rows(session)
    fill(rolled_up)
    before = buckets(session)

    moving.run(rolled_up, "readings")

    assert buckets(session) == before
    row = session.execute(
        "SELECT min(taken_at)::DATE = max(taken_at)::DATE, count(*) FROM readings"
    ).fetchone()
    assert row == (True, 13)


def test_a_policy_that_leaves_the_newest_chunk_ends_without_an_error(
    rolled_up: URL, session: psycopg.Connection
) -> None:
    replay_of_old_rows(session)
    fill(rolled_up)
    row = session.execute(
        "SELECT min(job_id) FROM timescaledb_information.jobs WHERE proc_name = 'archive_job'"
    ).fetchone()
    if row and row[0]:
        session.execute("CALL run_job(%s)", row)
    else:
        runs = run_due(create_engine(rolled_up, poolclass=NullPool), all_now=True)
        assert {run.kind: run.error for run in runs}["archive"] is None

    assert session.execute("SELECT count(*) FROM readings").fetchone() == (13,)


def test_retention_leaves_the_newest_chunk(rolled_up: URL, session: psycopg.Connection) -> None:
    replay_of_old_rows(session)
    fill(rolled_up)
    before = buckets(session)

    session.execute("UPDATE timescale_engine.policy SET last_status = 'ok' WHERE kind = 'archive'")
    session.execute(
        """SELECT timescale_engine.run_retention('public.readings', '{"drop_after": "1 day"}')"""
    )

    assert session.execute("SELECT count(*) FROM readings").fetchone() == (13,)
    assert buckets(session) == before


def test_a_rollup_that_is_behind_is_an_error_or_is_refreshed_on_the_way(
    rolled_up: URL, session: psycopg.Connection
) -> None:
    row = session.execute("SELECT bool_or(native) FROM timescale_engine.rollup").fetchone()
    before = buckets(session)
    if row == (True,):
        with pytest.raises(ArchiveError, match="maintain --fill"):
            moving.run(rolled_up, "readings")
        assert session.execute("SELECT count(*) FROM archive.readings").fetchone() == (0,)
        fill(rolled_up)

    moving.run(rolled_up, "readings")

    assert buckets(session) == before
    assert session.execute("SELECT count(*) FROM archive.readings").fetchone() == (29 * 24,)
