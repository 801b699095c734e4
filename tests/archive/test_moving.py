"""Into the archive and back: every row on exactly one side, whatever is killed."""

from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import URL

from db.archive import catalog, moving
from db.archive.errors import ArchiveError
from tests.archive.conftest import DAYS, ROWS_A_DAY, due_after
from tests.support.databases import DatabaseServer

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


def written_anew(session: psycopg.Connection) -> dict:
    """Writes the oldest archived reading anew; what was archived of it."""
    start = first_day(session)
    (archived,) = session.execute(
        "SELECT to_jsonb(a) FROM archive.readings AS a WHERE taken_at = %s", [start]
    ).fetchone() or ({},)
    session.execute(
        "INSERT INTO readings (taken_at, sensor, celsius) VALUES (%s, 's0', 1)", [start]
    )
    return archived


@pytest.mark.parametrize("go_on", ["run", "restore"])
def test_of_a_row_written_anew_since_the_newer_stays_and_the_older_is_kept(
    archived_database: URL, session: psycopg.Connection, go_on: str
) -> None:
    due_after(session, DAYS - 5)
    moving.run(archived_database, "readings")
    archived = written_anew(session)
    due_after(session, 10)
    start = first_day(session)

    if go_on == "run":
        moving.run(archived_database, "readings")
    else:
        moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))

    assert (
        sides(session)
        == ((11 * ROWS_A_DAY, (DAYS - 11) * ROWS_A_DAY), (ROWS, 0))[go_on == "restore"]
    )
    assert session.execute(
        "SELECT celsius FROM readings_history WHERE taken_at = %s", [start]
    ).fetchall() == [(1,)]
    kept = session.execute('SELECT target, "row" FROM timescale_engine.superseded').fetchall()
    assert kept == [("public.readings", archived)]


OWNERS = """
    CREATE TABLE seen (what text);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.seen VALUES (TG_OP || ' ' || TG_WHEN || ' ' || TG_LEVEL);
        NEW.celsius := -1;
        RETURN coalesce(NEW, OLD);
    END $$;
    CREATE TRIGGER changing BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION see();
    COMMENT ON TRIGGER changing ON readings IS 'why';
    CREATE TRIGGER seeing AFTER DELETE ON readings FOR EACH ROW EXECUTE FUNCTION see()
"""
TRIGGERS = """
    SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), obj_description(oid, 'pg_trigger')
    FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'readings'::regclass ORDER BY 1, 2
"""


def test_the_owners_triggers_see_nothing_of_the_way_back(
    archived_database: URL, session: psycopg.Connection
) -> None:
    session.execute(OWNERS)
    before, triggers = history(session), session.execute(TRIGGERS).fetchall()
    due_after(session, DAYS - 3)
    moving.run(archived_database, "readings")
    start = first_day(session)

    moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))

    assert sides(session) == (ROWS, 0)
    assert history(session) == before
    assert session.execute("SELECT * FROM seen").fetchall() == []
    assert session.execute(TRIGGERS).fetchall() == triggers
    session.execute("INSERT INTO readings (taken_at, sensor) VALUES (%s, 'new')", [start])
    assert session.execute("SELECT * FROM seen").fetchall() == [("INSERT BEFORE ROW",)]


def test_columns_that_came_since_read_their_default_on_the_way_back(
    archived_database: URL, session: psycopg.Connection
) -> None:
    due_after(session, DAYS - 3)
    moving.run(archived_database, "readings")
    session.execute(
        """
        ALTER TABLE readings ADD COLUMN unit text NOT NULL DEFAULT 'it''s K',
            ADD COLUMN parts int[] DEFAULT '{1,2}', ADD COLUMN seen_at timestamptz;
        ALTER TABLE readings ALTER COLUMN unit SET DEFAULT 'C', ALTER COLUMN sensor SET STORAGE MAIN
        """
    )
    start = first_day(session)

    moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))

    assert sides(session) == (ROWS, 0)
    assert session.execute("SELECT DISTINCT unit, parts, seen_at FROM readings").fetchall() == [
        ("it's K", [1, 2], None)
    ]


def test_a_column_may_hold_nulls_since(archived_database: URL, session: psycopg.Connection) -> None:
    session.execute("ALTER TABLE readings ALTER COLUMN celsius SET NOT NULL")
    due_after(session, DAYS - 3)
    moving.run(archived_database, "readings")
    session.execute("ALTER TABLE readings ALTER COLUMN celsius DROP NOT NULL")
    session.execute("UPDATE readings SET celsius = NULL")
    before = history(session)
    due_after(session, DAYS - 5)

    moving.run(archived_database, "readings")

    assert history(session) == before
    assert sides(session) == ((DAYS - 4) * ROWS_A_DAY, 4 * ROWS_A_DAY)


CHANGED = {
    "ALTER TABLE readings RENAME COLUMN note TO remark": (
        "RENAME COLUMN note TO",
        "ALTER TABLE archive.readings RENAME COLUMN note TO remark;"
        "ALTER VIEW readings_history RENAME COLUMN note TO remark",
    ),
    "ALTER TABLE readings DROP COLUMN note CASCADE": (
        "DROP COLUMN note;",
        "ALTER TABLE archive.readings DROP COLUMN note",
    ),
    "DROP VIEW readings_history; ALTER TABLE readings ALTER COLUMN is_good TYPE text": (
        "ALTER COLUMN is_good TYPE text;",
        "ALTER TABLE archive.readings ALTER COLUMN is_good TYPE text",
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_only_the_owner_can_tell_stops_both_ways_with_the_way_out(
    archived_database: URL, session: psycopg.Connection, change: str
) -> None:
    due_after(session, DAYS - 3)
    moving.run(archived_database, "readings")
    start = first_day(session)
    session.execute(change)
    due_after(session, DAYS - 5)
    said, way_out = CHANGED[change]

    with pytest.raises(ArchiveError, match=said):
        moving.run(archived_database, "readings")
    with pytest.raises(ArchiveError, match=said):
        moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))
    assert sides(session) == ((DAYS - 2) * ROWS_A_DAY, 2 * ROWS_A_DAY)

    session.execute(way_out)
    moving.run(archived_database, "readings")
    moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))
    assert sides(session) == (ROWS, 0)


def test_a_foreign_key_to_the_table_is_named(
    archived_database: URL, session: psycopg.Connection
) -> None:
    session.execute(
        "CREATE TABLE referring (sensor text, taken_at timestamp, CONSTRAINT to_it "
        "FOREIGN KEY (sensor, taken_at) REFERENCES readings (sensor, taken_at))"
    )
    with pytest.raises(ArchiveError, match=r"foreign key to_it of public\.referring refers"):
        moving.run(archived_database, "readings")
    session.execute("ALTER TABLE referring DROP CONSTRAINT to_it")
    moving.run(archived_database, "readings")
    assert sides(session) == (11 * ROWS_A_DAY, (DAYS - 11) * ROWS_A_DAY)


def test_chunks_of_both_sides_may_lie_in_the_columnstore(
    archived_database: URL, session: psycopg.Connection, server: DatabaseServer
) -> None:
    """However few rows the server opens of it for one statement."""
    if server.edition != "community":
        pytest.skip("the Apache edition has no columnstore")
    due_after(session, DAYS - 5)
    moving.run(archived_database, "readings")
    written_anew(session)
    session.execute(
        """
        ALTER TABLE readings SET (timescaledb.compress, timescaledb.compress_segmentby = 'sensor');
        ALTER TABLE archive.readings
            SET (timescaledb.compress, timescaledb.compress_segmentby = 'sensor');
        SELECT compress_chunk(c) FROM show_chunks('readings') AS c;
        SELECT compress_chunk(c) FROM show_chunks('archive.readings') AS c
        """
    )
    session.execute(
        psycopg.sql.SQL(
            "ALTER DATABASE {} SET timescaledb.max_tuples_decompressed_per_dml_transaction = 1"
        ).format(psycopg.sql.Identifier(session.info.dbname))
    )
    start = first_day(session)

    moving.restore(archived_database, "readings", start, start + timedelta(days=DAYS))

    assert sides(session) == (ROWS, 0)


def test_a_window_without_archived_rows_leaves_the_policy_alone(
    archived_database: URL, session: psycopg.Connection
) -> None:
    with catalog.connect(archived_database) as own:
        (before,) = catalog.archives(own)
        moved = moving.restore(
            archived_database, "readings", datetime(2000, 1, 1), datetime(2001, 1, 1)
        )
        (after,) = catalog.archives(own)

    assert (moved.spans, moved.rows) == (0, 0)
    assert after.next_run == before.next_run


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
