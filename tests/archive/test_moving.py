"""Into the archive and back: every row on exactly one side, whatever is killed."""

from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import URL

from db.archive import catalog, moving
from db.archive.errors import ArchiveError
from tests.archive.conftest import DAYS, ROWS_A_DAY

ROWS = DAYS * ROWS_A_DAY


def first_day(session: psycopg.Connection) -> datetime:
    """Midnight of the oldest day of readings."""
    row = session.execute("SELECT min(taken_at) FROM readings_history").fetchone()
    assert row is not None
    return row[0]


def history(session: psycopg.Connection) -> list[tuple]:
    """Every row of both sides."""
    return session.execute("SELECT * FROM readings_history ORDER BY id").fetchall()


def sides(session: psycopg.Connection) -> tuple[int, int]:
    """Rows in the table and in its archive."""
    row = session.execute(
        "SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM archive.readings)"
    ).fetchone()
    assert row is not None
    return row


def test_what_is_due_is_archived_and_history_reads_both_sides(
    archived_database: URL, session: psycopg.Connection
) -> None:
    before = history(session)

    moved = moving.run(archived_database, "readings")

    assert moved.chunks == DAYS - 11
    assert sides(session) == (11 * ROWS_A_DAY, (DAYS - 11) * ROWS_A_DAY)
    assert history(session) == before


def test_history_opens_only_the_chunks_of_the_window(
    archived_database: URL, session: psycopg.Connection
) -> None:
    moving.run(archived_database, "readings")
    day = first_day(session) + timedelta(days=1)

    plan = session.execute(
        psycopg.sql.SQL(
            "EXPLAIN (COSTS OFF) SELECT * FROM readings_history "
            "WHERE taken_at >= {} AND taken_at < {}"
        ).format(day, day + timedelta(hours=1))
    ).fetchall()

    chunks = [line for (line,) in plan if "_chunk" in line and (" on " in line)]
    assert len(chunks) <= 2, plan


def test_a_window_is_brought_back_and_the_policy_rests(
    archived_database: URL, session: psycopg.Connection
) -> None:
    moving.run(archived_database, "readings")
    before = history(session)
    start = first_day(session) + timedelta(days=3, hours=6)

    moved = moving.restore(archived_database, "readings", start, start + timedelta(days=4))

    assert moved.rows == 4 * ROWS_A_DAY
    assert sides(session) == (15 * ROWS_A_DAY, (DAYS - 15) * ROWS_A_DAY)
    assert history(session) == before
    with catalog.connect(archived_database) as own:
        (archive,) = catalog.archives(own)
    assert archive.next_run is not None
    resting = archive.next_run - datetime.now(archive.next_run.tzinfo)
    assert resting > timedelta(days=6)


def test_an_archive_restored_in_full_has_no_chunk_left(
    archived_database: URL, session: psycopg.Connection
) -> None:
    moving.run(archived_database, "readings")
    start = first_day(session)

    moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))

    assert sides(session) == (ROWS, 0)
    with catalog.connect(archived_database) as own:
        assert catalog.side(own, "archive.readings").chunks == 0


def test_a_row_written_anew_since_stops_the_restore_with_nothing_moved(
    archived_database: URL, session: psycopg.Connection
) -> None:
    moving.run(archived_database, "readings")
    start = first_day(session)
    session.execute(
        "INSERT INTO readings (taken_at, sensor, celsius) VALUES (%s, 's0', 1)", [start]
    )
    before = sides(session)

    with pytest.raises(ArchiveError, match="both hold a row"):
        moving.restore(archived_database, "readings", start, start + timedelta(days=1))

    assert sides(session) == before


@pytest.mark.parametrize(
    ("table", "days", "sentence"),
    [
        ("nothing", 1, "nothing has no archive policy"),
        ("readings", -1, "--from must come first"),
    ],
)
def test_what_makes_no_sense_gets_one_sentence(
    archived_database: URL, session: psycopg.Connection, table: str, days: int, sentence: str
) -> None:
    start = first_day(session)

    with pytest.raises(ArchiveError, match=sentence):
        moving.restore(archived_database, table, start, start + timedelta(days=days))
