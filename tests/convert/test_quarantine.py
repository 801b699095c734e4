"""Rows the new table cannot hold: kept whole, with the reason, and counted."""

import time
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from db.timescale.converter import Conversion
from db.timescale.specs import HypertableSpec, UniqueKey
from tests.support.databases import connection

TICKS = Conversion(
    spec=HypertableSpec(table="ticks", time_column="at", chunk_interval=timedelta(days=1)),
    unique_keys=(UniqueKey(name="ticks_key", columns=("device", "at DESC")),),
    drop_constraints={"ticks_pkey": "PRIMARY KEY (id)"},
)


@pytest.fixture
def ticks(empty_database: URL) -> URL:
    """A table without a natural key and with gaps in its rows."""
    with connection(empty_database) as session:
        session.execute(
            """
            CREATE TABLE ticks (id SERIAL PRIMARY KEY, at TIMESTAMP, device TEXT, reading INTEGER);
            INSERT INTO ticks (at, device, reading)
            SELECT '2025-12-01'::TIMESTAMP + n * INTERVAL '1 hour', 'd' || d, n
            FROM generate_series(0, 99) n, generate_series(1, 2) d;
            INSERT INTO ticks (at, device, reading) VALUES
                ('2025-12-01 05:00', 'd1', 1000),
                ('2025-12-01 05:00', 'd1', 2000),
                (NULL, 'd1', 3000),
                ('infinity', 'd1', 4000),
                ('2025-12-02 05:00', NULL, 5000);
            """
        )
    return empty_database


def kept_out(session: psycopg.Connection) -> list[tuple[str, int]]:
    """Reason and reading of every quarantined row."""
    return session.execute(
        """
        SELECT reason, (row ->> 'reading')::INTEGER
        FROM oi_convert.quarantine
        WHERE conversion_id = (SELECT max(id) FROM oi_convert.conversion)
        ORDER BY 2
        """
    ).fetchall()


UNPLACEABLE = "no finite time, or a part of the natural key is missing"
DUPLICATE = "duplicate of the natural key"


def test_the_youngest_of_duplicates_stays_and_the_others_are_kept_with_their_reason(
    ticks: URL,
) -> None:
    result = convert.run(ticks, TICKS)

    with connection(ticks) as session:
        assert session.execute(
            "SELECT reading FROM ticks WHERE at = '2025-12-01 05:00' AND device = 'd1'"
        ).fetchall() == [(2000,)]
        assert session.execute("SELECT count(*) FROM ticks").fetchone() == (200,)
        assert kept_out(session) == [
            (DUPLICATE, 5),
            (DUPLICATE, 1000),
            (UNPLACEABLE, 3000),
            (UNPLACEABLE, 4000),
            (UNPLACEABLE, 5000),
        ]
    assert result.quarantined == 5


def test_changes_while_it_is_held_keep_duplicates_right(ticks: URL) -> None:
    options = convert.RunOptions(hold_swap=True)
    running = Thread(target=convert.run, args=(ticks, TICKS), kwargs={"options": options})
    running.start()
    with connection(ticks) as session:
        _until_ready(ticks)
        session.execute("DELETE FROM ticks WHERE reading = 2000")
        session.execute("INSERT INTO ticks (at, device, reading) VALUES (NULL, 'd9', 6000)")
        session.execute("UPDATE ticks SET at = '2025-12-03 00:30' WHERE reading = 4000")
        convert.adjust(ticks, "ticks", hold_swap=False)
        running.join()

        assert session.execute(
            "SELECT reading FROM ticks WHERE at = '2025-12-01 05:00' AND device = 'd1'"
        ).fetchall() == [(1000,)]
        assert session.execute("SELECT at::TEXT FROM ticks WHERE reading = 4000").fetchall() == [
            ("2025-12-03 00:30:00",)
        ]
        assert kept_out(session) == [
            (DUPLICATE, 5),
            (UNPLACEABLE, 3000),
            (UNPLACEABLE, 5000),
            (UNPLACEABLE, 6000),
        ]


def _until_ready(url: URL) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if [report.phase for report in convert.report(url)] == ["ready"]:
            return
        time.sleep(0.05)
    raise AssertionError("the conversion never became ready")
