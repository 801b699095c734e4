"""The generated history."""

import hashlib
from datetime import date, time

import numpy as np
import pytest

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.encode import encode_day
from benchmarks.dataset.market import chain_day, history, strike_grid
from benchmarks.dataset.spec import FULL_WIDTH, expiry_of, last_session, weekday_before
from benchmarks.errors import BenchmarkError
from db.market.exchanges import EXCHANGES

SMALL = DatasetSpec(days=2, strikes=11, cadence_s=30)


def _digest(spec):
    digest = hashlib.sha256()
    for day in spec.trading_days:
        for block in encode_day([chain_day(spec, exchange, day) for exchange in EXCHANGES]):
            digest.update(block)
    return digest.hexdigest()


def test_equal_specs_give_equal_bytes():
    assert _digest(SMALL) == _digest(DatasetSpec(days=2, strikes=11, cadence_s=30))


def test_another_seed_gives_other_bytes():
    assert _digest(SMALL) != _digest(DatasetSpec(days=2, strikes=11, cadence_s=30, seed=2))


def test_a_day_is_the_same_in_a_longer_history():
    longer = DatasetSpec(days=5, strikes=11, cadence_s=30)
    day = SMALL.trading_days[0]
    assert np.array_equal(chain_day(SMALL, "NSE", day).oi, chain_day(longer, "NSE", day).oi)


@pytest.mark.parametrize(
    "spec",
    [SMALL, DatasetSpec(days=1, strikes=FULL_WIDTH), DatasetSpec(days=1, strikes=5, cadence_s=1)],
    ids=["small", "full width", "every second"],
)
def test_the_spec_knows_how_many_rows_it_makes(spec):
    assert sum(len(chain) for chain in history(spec)) == spec.rows


def test_a_full_width_snapshot_has_about_1100_contracts():
    spec = DatasetSpec(days=1, strikes=FULL_WIDTH)
    assert 1050 <= spec.rows / spec.snapshots_per_day <= 1150


def test_the_last_instant_is_the_newest_timestamp():
    newest = max(chain.timestamp[-1] for chain in history(SMALL))
    assert newest.item() == SMALL.last_instant


def test_trading_days_are_ascending_weekdays_that_end_where_told():
    days = DatasetSpec(days=23, end=date(2026, 8, 30)).trading_days
    assert days[-1] == date(2026, 8, 28)
    assert len(set(days)) == 23
    assert list(days) == sorted(days)
    assert all(day.weekday() < 5 for day in days)


def test_the_last_session_is_before_today():
    assert last_session(date(2026, 8, 31)) == date(2026, 8, 28)
    assert last_session(date(2026, 9, 1)) == date(2026, 8, 31)


def test_counting_weekdays_back_skips_week_ends():
    monday = date(2026, 8, 31)
    assert [weekday_before(monday, back).day for back in range(7)] == [31, 28, 27, 26, 25, 24, 21]


@pytest.mark.parametrize(
    ("exchange", "day", "expiry"),
    [
        ("NSE", date(2026, 8, 26), date(2026, 9, 1)),
        ("NSE", date(2026, 9, 1), date(2026, 9, 1)),
        ("BSE", date(2026, 8, 26), date(2026, 8, 27)),
        ("NSE_MONTHLY", date(2026, 8, 26), date(2026, 9, 29)),
        ("BANKNIFTY_MONTHLY", date(2026, 12, 31), date(2027, 1, 26)),
    ],
)
def test_a_chain_expires_on_its_day(exchange, day, expiry):
    assert expiry_of(exchange, day) == expiry


def test_open_interest_moves_only_every_three_minutes():
    chain = chain_day(SMALL, "NSE", SMALL.trading_days[0])
    oi = chain.oi.reshape(SMALL.snapshots_per_day, -1)
    changed = np.flatnonzero((np.diff(oi, axis=0) != 0).any(axis=1)) + 1
    assert len(changed) > 100
    assert set(changed % 6) == {0}


def test_volume_never_falls_within_a_day():
    chain = chain_day(SMALL, "BSE", SMALL.trading_days[0])
    volume = chain.volume.reshape(SMALL.snapshots_per_day, -1)
    assert (np.diff(volume, axis=0) >= 0).all()


def test_stored_oi_changes_agree_with_the_open_interest():
    chain = chain_day(SMALL, "NSE", SMALL.trading_days[0])
    oi = chain.oi.reshape(SMALL.snapshots_per_day, -1)
    change = chain.pct_change_5m.reshape(oi.shape)
    assert np.isnan(change[:10]).all()
    expected = (oi[40] - oi[30]) * 100 / oi[30]
    assert change[40] == pytest.approx(expected)


def test_prices_respect_intrinsic_value_and_the_book_brackets_them():
    chain = chain_day(SMALL, "NSE", SMALL.trading_days[0])
    call = chain.option_type == b"CE"
    intrinsic = np.where(
        call, chain.underlying_price - chain.strike, chain.strike - chain.underlying_price
    )
    assert (chain.ltp >= np.maximum(0, intrinsic) - 0.05).all()
    assert (chain.best_bid <= chain.ltp).all()
    assert (chain.ltp <= chain.best_ask).all()


def test_the_strike_grid_is_centred_and_as_wide_as_asked():
    strikes = strike_grid(SMALL, "NSE")
    assert len(strikes) == 11
    assert set(np.diff(strikes)) == {EXCHANGES["NSE"].strike_step}


def test_snapshots_lie_within_the_session():
    chain = chain_day(SMALL, "NSE", SMALL.trading_days[0])
    assert chain.timestamp[0].item().time() == time(9, 15)
    assert chain.timestamp[-1].item().time() < time(15, 30)


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 501}, {"cadence_s": 31}, {"strikes": 3}])
def test_a_size_out_of_range_is_refused(wrong):
    with pytest.raises(BenchmarkError, match=r"must be"):
        DatasetSpec(**wrong)


def test_a_history_is_sized_by_rows():
    assert DatasetSpec().sized(15_000_000).days == 61
