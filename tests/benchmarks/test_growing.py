"""A lengthened history: older days are there in every table, newer ones are as they were."""

from datetime import datetime, time, timedelta

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.growing import grow
from benchmarks.dataset.spec import newest_end, sessions_until
from benchmarks.server.databases import session
from db.market.clock import market_now
from tests.benchmarks.conftest import fill_history

SPEC = DatasetSpec(days=5, strikes=5, cadence_s=30, end=newest_end(market_now().date()))
GROWN_DAYS = 7
COUNTED = """
    SELECT (SELECT count(*) FROM option_chain_snapshots),
           (SELECT count(*) FROM option_chain_snapshots_history),
           (SELECT count(*) FROM snapshots),
           (SELECT count(*) FROM oi_5m),
           (SELECT count(*) FROM contract_5m),
           (SELECT count(*) FROM oi_1d)
"""
DAY = """
    SELECT CAST(bucket AS TIME) AS bucket, exchange, oi_ce, oi_pe, underlying_close
    FROM oi_5m
    WHERE bucket >= %s AND bucket < %s
    ORDER BY bucket, exchange
"""


def _day(asking, day):
    start = datetime.combine(day, time.min)
    return asking.execute(DAY, [start, start + timedelta(days=1)]).fetchall()


def test_older_days_appear_in_every_table_and_the_newer_stay(database):
    fill_history(database, SPEC)
    newest_first = sessions_until(SPEC.end, GROWN_DAYS)[::-1]
    with session(database) as asking:
        hot, *loaded = asking.execute(COUNTED).fetchone()
        added = grow(database, SPEC.end, SPEC.days, GROWN_DAYS, lambda: None)
        hot_after, *grown = asking.execute(COUNTED).fetchone()
        assert hot_after == hot == SPEC.rows
        assert grown[0] == loaded[0] + added
        assert all(after > before for after, before in zip(grown, loaded, strict=True))
        # the oldest two days repeat the newest two
        for back in (5, 6):
            older = _day(asking, newest_first[back])
            assert older == _day(asking, newest_first[back - 5])
            assert len(older) == 4 * len(SPEC.seconds_of(newest_first[back - 5])) // 10


def test_what_is_grown_already_is_not_grown_again(database):
    fill_history(database, SPEC)
    with session(database) as asking:
        before = asking.execute(COUNTED).fetchone()
        grow(database, SPEC.end, SPEC.days, SPEC.days, lambda: None)
        assert asking.execute(COUNTED).fetchone() == before
