"""The legacy program goes on, before, during and after: nothing fails, nothing is lost."""

from datetime import datetime

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from tests.convert import legacy, traffic
from tests.convert.legacy import CHAIN


def test_a_writer_and_a_reader_never_stop_through_all_directions(legacy_database: URL) -> None:
    asked = legacy.conversion()
    options = convert.RunOptions(window_rows=300, workers=2)

    with traffic.running(legacy_database) as seen:
        convert.run(legacy_database, asked, options=options)
        convert.verify(legacy_database, CHAIN)
        convert.undo(legacy_database, CHAIN)
        convert.run(legacy_database, asked, options=options)
        convert.finish(legacy_database, CHAIN)
        convert.run(legacy_database, asked, direction="to_plain", options=options)
        convert.verify(legacy_database, CHAIN)
        convert.finish(legacy_database, CHAIN)

    traffic.check(legacy_database, seen)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_legacy_statements_give_the_same_whatever_the_session_s_zone(
    legacy_database: URL, session: psycopg.Connection, zone: str
) -> None:
    convert.run(legacy_database, legacy.conversion())
    session.execute("SELECT set_config('TimeZone', %s, false)", [zone])
    moment = datetime(2025, 12, 3, 15, 29, 30)

    session.execute(legacy.save(moment, "NSE", 24050, 1))
    session.execute(legacy.save(moment, "NSE", 24050, 2))

    assert session.execute(legacy.LATEST.format(exchange="NSE")).fetchall() == [(17, 2)]
    assert session.execute(
        "SELECT timestamp::TEXT, count(*) FROM option_chain_snapshots WHERE token = 17 GROUP BY 1"
    ).fetchall() == [("2025-12-03 15:29:30", 1)]
    assert session.execute(
        "SELECT timestamp FROM option_chain_snapshots WHERE timestamp = %s", [moment]
    ).fetchall() == [(moment,)]
    deleted = session.execute(legacy.CLEAN_UP.format(time="2025-12-02 00:00:00"))
    assert deleted.rowcount == 40 * 2 * 5 * 2


def test_a_truncated_table_stays_truncated(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    convert.run(legacy_database, legacy.conversion())

    session.execute("TRUNCATE option_chain_snapshots")
    session.execute(legacy.save(legacy.FIRST, "NSE", 24050, 1))
    convert.undo(legacy_database, CHAIN)

    assert session.execute("SELECT oi FROM option_chain_snapshots").fetchall() == [(1,)]
