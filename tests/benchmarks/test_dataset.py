"""The generated history: how much of the simulated market, on which days, and in which order."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np
import pytest

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.days import chain_of, history
from benchmarks.dataset.filled import BASELINE
from benchmarks.dataset.load import LEGACY_COLUMNS, load
from benchmarks.dataset.snapshots import live_snapshots
from benchmarks.dataset.spec import (
    FULL_WIDTH,
    last_session,
    newest_end,
    next_session,
    sessions_until,
)
from benchmarks.errors import BenchmarkError
from benchmarks.server.databases import session
from db import migrate
from db.market.clock import market_now, to_naive_ist
from db.market.exchanges import EXCHANGES
from db.market.ticks import field_names
from tests.support.chains import rows_of

SMALL = DatasetSpec(days=2, strikes=11, cadence_s=30)
# the last day on which options trade until 15:30, and the first until 15:40
BEFORE, SINCE = date(2026, 7, 31), date(2026, 8, 3)
STORED = """
    SELECT timestamp, exchange, strike, option_type, symbol, oi, ltp, iv, pct_change_3m
    FROM option_chain_snapshots
    ORDER BY id
"""


def _bytes(spec):
    return [getattr(chain, name).tobytes() for chain in history(spec) for name in ("oi", "ltp")]


def test_equal_specs_give_equal_rows():
    assert _bytes(SMALL) == _bytes(DatasetSpec(days=2, strikes=11, cadence_s=30))


def test_another_seed_gives_other_rows():
    assert _bytes(SMALL) != _bytes(DatasetSpec(days=2, strikes=11, cadence_s=30, seed=2))


def test_a_day_is_the_same_in_a_longer_history():
    longer = DatasetSpec(days=5, strikes=11, cadence_s=30)
    day = SMALL.trading_days[0]
    assert np.array_equal(chain_of(SMALL, "NSE", day).oi, chain_of(longer, "NSE", day).oi)


@pytest.mark.parametrize(
    "spec",
    [
        SMALL,
        DatasetSpec(days=1, strikes=FULL_WIDTH),
        DatasetSpec(days=1, strikes=5, cadence_s=1),
        DatasetSpec(days=2, strikes=5, end=SINCE),
    ],
    ids=["small", "full width", "every second", "over the change of hours"],
)
def test_the_spec_knows_how_many_rows_it_makes(spec):
    assert sum(len(chain) for chain in history(spec)) == spec.rows


def test_a_full_width_snapshot_has_about_1100_contracts():
    spec = DatasetSpec(days=1, strikes=FULL_WIDTH)
    assert 1000 <= spec.rows / len(spec.seconds_of(spec.end)) <= 1150


def test_the_last_instant_is_the_newest_timestamp():
    newest = max(chain.timestamp[-1] for chain in history(SMALL))
    assert newest.item() == SMALL.last_instant


def test_trading_days_are_ascending_and_leave_out_weekends_and_holidays():
    days = DatasetSpec(days=23, end=date(2026, 4, 5)).trading_days
    assert days[-1] == date(2026, 4, 2), "the Friday after it is Good Friday"
    assert len(set(days)) == 23
    assert list(days) == sorted(days)
    assert all(day.weekday() < 5 for day in days)


def test_the_last_session_is_before_today_and_the_next_one_after_it():
    assert last_session(date(2026, 8, 31)) == date(2026, 8, 28)
    assert last_session(date(2026, 9, 1)) == date(2026, 8, 31)
    assert next_session(date(2026, 8, 28)) == date(2026, 8, 31)
    assert next_session(date(2026, 4, 2)) == date(2026, 4, 6)


def test_after_the_newest_end_of_a_history_come_two_sessions_that_are_over():
    first = date(2026, 10, 15)
    for today in (first + timedelta(days=days) for days in range(120)):
        following = next_session(newest_end(today))
        assert following < next_session(following) == last_session(today) < today


def test_a_weekday_that_no_calendar_covers_is_a_trading_day():
    assert sessions_until(date(2031, 1, 6), 2) == (date(2031, 1, 3), date(2031, 1, 6))


@pytest.mark.parametrize(("day", "closes"), [(BEFORE, time(15, 30)), (SINCE, time(15, 40))])
def test_snapshots_fill_the_session_of_the_options(day, closes):
    spec = DatasetSpec(days=1, strikes=5, end=day)
    chain = chain_of(spec, "NSE", day)
    assert chain.timestamp[0].item() == datetime.combine(day, time(9, 15))
    closing = np.datetime64(datetime.combine(day, closes), "us")
    assert closing - chain.timestamp[-1] == np.timedelta64(spec.cadence_s, "s")


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_chain_is_as_wide_as_asked_and_around_the_index(exchange):
    day = SMALL.trading_days[0]
    listed = SMALL.listed_on(exchange, day)
    chain = chain_of(SMALL, exchange, day)
    assert len(set(listed.strike.tolist())) == SMALL.strikes
    assert set(zip(listed.strike, listed.symbol, strict=True)) == set(
        zip(chain.strike, (symbol.decode() for symbol in chain.symbol.tolist()), strict=True)
    )
    assert listed.strike[0] < chain.underlying_price[0] < listed.strike[-1]


def test_a_loaded_history_is_the_markets_in_the_order_in_which_it_is_collected(empty_database):
    migrate.upgrade(empty_database, BASELINE)
    spec = DatasetSpec(days=1, strikes=5)
    with session(empty_database) as loading:
        loaded = load(loading, spec)
        stored = loading.execute(STORED).fetchall()
    assert loaded.rows == len(stored) == spec.rows
    assert [(at, exchange) for at, exchange, *_ in stored[:: 2 * spec.strikes]] == [
        (at, exchange) for at in sorted({at for at, *_ in stored}) for exchange in EXCHANGES
    ]
    for exchange in EXCHANGES:
        made = chain_of(spec, exchange, spec.end)
        mine = [row[2:] for row in stored if row[1] == exchange]
        columns = ("strike", "option_type", "symbol", "oi", "ltp", "iv", "pct_change_3m")
        assert mine == list(zip(*(_known(getattr(made, name)) for name in columns), strict=True))


def test_features_and_the_last_known_state_are_loaded_beside_the_chains(empty_database):
    migrate.upgrade(empty_database, BASELINE)
    spec = DatasetSpec(days=1, strikes=5)
    with session(empty_database) as loading:
        load(loading, spec)
        metadata = loading.execute(
            "SELECT exchange, last_update_time, last_underlying_price FROM exchange_metadata"
        ).fetchall()
        features = loading.execute(
            "SELECT exchange, count(pcr_total_oi), count(feature_payload), max(timestamp)"
            " FROM ml_features GROUP BY exchange"
        ).fetchall()
    newest = {key: chain_of(spec, key, spec.end).underlying_price[-1] for key in EXCHANGES}
    assert set(metadata) == {(key, spec.last_instant, newest[key]) for key in EXCHANGES}
    instants = len(spec.seconds_of(spec.end))
    assert set(features) == {(key, instants, instants, spec.last_instant) for key in EXCHANGES}


def _known(values):
    """As the database gives them: text decoded, unknown None."""
    return [
        value.decode() if isinstance(value, bytes) else None if value != value else value
        for value in values.tolist()
    ]


def test_live_snapshots_of_a_day_to_come_are_refused():
    today = market_now().date()
    for end in (today, last_session(today), today - timedelta(days=1)):
        if next_session(end) >= today:
            with pytest.raises(BenchmarkError, match="not over: choose an --end before"):
                next(live_snapshots(DatasetSpec(days=1, strikes=5, end=end), 1))
    made = live_snapshots(DatasetSpec(days=1, strikes=5, end=newest_end(today)), 1)
    assert next(made)[0].timestamp.date() < today


def test_live_snapshots_follow_the_history_with_all_that_is_stored():
    instants = list(live_snapshots(SMALL, 3))
    assert [[one.exchange for one in instant] for instant in instants] == [list(EXCHANGES)] * 3
    first = instants[0][0]
    opened = datetime.combine(next_session(SMALL.trading_days[-1]), time(9, 15))
    assert to_naive_ist(first.timestamp) == opened
    assert len(first.options) == 2 * SMALL.strikes
    assert first.features["pcr_total_oi"] > 0
    assert set(LEGACY_COLUMNS) <= {"timestamp", "exchange", *field_names(type(first.options))}
    option = rows_of(first.options)[0]
    kinds = [type(option[name]) for name in ("strike", "oi", "symbol")]
    assert kinds == [float, int, str]
    assert option["pct_change_3m"] is None


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 501}, {"cadence_s": 31}, {"strikes": 3}])
def test_a_size_out_of_range_is_refused(wrong):
    with pytest.raises(BenchmarkError, match=r"must be"):
        DatasetSpec(**wrong)


def test_a_history_is_sized_by_rows():
    spec = DatasetSpec().sized(15_000_000)
    neighbours = [replace(spec, days=spec.days + off).rows for off in (-1, 1)]
    assert all(abs(spec.rows - 15_000_000) <= abs(rows - 15_000_000) for rows in neighbours)
    assert DatasetSpec().sized(1).days == 1
    assert DatasetSpec().sized(10**12).days == 500
