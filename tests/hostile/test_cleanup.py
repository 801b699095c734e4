"""The old program's clean-up goes on: it deletes what it likes, and nothing of the archive."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.archive import moving
from db.market.clock import market_now
from db.timescale.maintenance import fill_all
from tests.support.databases import DatabaseServer, connection

Day = Callable[[int], datetime]

# a day of 1,100 contracts twice a minute holds 825,000
ROWS = """
    SELECT set_config('live_edge.bulk_load', 'on', true);
    INSERT INTO option_chain_snapshots
        (timestamp, exchange, strike, option_type, symbol, token, oi)
    SELECT %s + m * INTERVAL '1 minute', 'NSE', 20000 + k, 'CE', 'S', k, m
    FROM generate_series(0, %s - 1) AS m, generate_series(1, 370) AS k
"""
CLEAN = "DELETE FROM option_chain_snapshots WHERE timestamp < %s"


@pytest.fixture
def day() -> Day:
    """A quarter past nine of so many days ago, by the exchange's clock as the test begins."""
    opens = market_now().replace(hour=9, minute=15, second=0, microsecond=0, tzinfo=None)
    return lambda ago: opens - timedelta(days=ago)


def test_more_rows_are_deleted_of_the_columnstore_than_the_server_opens_by_itself(
    database: URL, server: DatabaseServer, day: Day
) -> None:
    if server.edition != "community":
        pytest.skip("the Apache edition has no columnstore")
    with connection(database) as session, session.transaction():
        for statement in ROWS.split(";"):
            session.execute(statement, [day(5), 300] if "%s" in statement else None)
    with connection(database) as session:
        session.execute("SELECT compress_chunk(c) FROM show_chunks('option_chain_snapshots') AS c")
        assert session.execute(CLEAN, [day(5) + timedelta(minutes=290)]).rowcount == 107_300
        assert session.execute("SELECT count(*) FROM option_chain_snapshots").fetchone() == (3700,)


def test_a_day_is_archived_before_a_clean_up_of_thirty_days_reaches_it(
    database: URL, day: Day
) -> None:
    with connection(database) as session:
        with session.transaction():
            session.execute("SELECT set_config('live_edge.bulk_load', 'on', true)")
            for ago in (31, 30, 29, 1):
                session.execute(ROWS.split(";")[1], [day(ago), 2])
        fill_all(create_engine(database, poolclass=NullPool), lambda line: None)
        moving.run(database, "option_chain_snapshots")

        # the clean-up that would reach furthest, at the end of this day
        cutoff = day(30).replace(hour=23, minute=59)
        assert session.execute(CLEAN, [cutoff]).rowcount == 0
        history = "SELECT count(*) FROM option_chain_snapshots_history"
        assert session.execute(history).fetchone() == (4 * 2 * 370,)


def test_the_setting_of_an_owner_stays(empty_database: URL) -> None:
    with connection(empty_database) as session:
        session.execute(
            f'ALTER DATABASE "{empty_database.database}" '
            "SET timescaledb.max_tuples_decompressed_per_dml_transaction = 7"
        )
    migrate.upgrade(empty_database)
    migrate.downgrade(empty_database, "base")
    with connection(empty_database) as session:
        shown = "SHOW timescaledb.max_tuples_decompressed_per_dml_transaction"
        assert session.execute(shown).fetchone() == ("7",)
