"""The simulated market is coherent, repeatable, and shaped like the real one."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from app.analytics.baselines import baseline_positions
from app.analytics.implied_volatility import implied_volatility
from app.analytics.open_interest import percent_change
from app.feeds.simulate.chain import ChainBlock, chain_block, narrowed
from app.feeds.simulate.columns import chain_columns, snapshot_contexts
from app.feeds.simulate.contracts import contracts, expiry_at
from app.feeds.simulate.feed import SimulateFeed, snapshot_at
from app.feeds.simulate.paths import CLOSE_S, OPEN_S, day_paths
from app.feeds.validation import checked
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from tests.support.chains import rows_of

SEED = 11
WEDNESDAY = date(2026, 8, 5)
WEEK_OF_THE_MONTHLY_EXPIRY = date(2026, 8, 19)
SESSION = np.arange(OPEN_S, CLOSE_S, 60)
KEYS = tuple(EXCHANGES)


def session(key: str, day: date = WEDNESDAY) -> ChainBlock:
    return chain_block(SEED, key, expiry_at(EXCHANGES[key], day, OPEN_S), day, SESSION)


@pytest.mark.parametrize("key", KEYS)
def test_calls_and_puts_keep_parity_within_a_tick(key: str) -> None:
    block = session(key)
    years = block.seconds_to_expiry / (365 * 86_400)
    strike = block.contracts.strike[::2]
    forward = block.underlying[:, None] - strike * np.exp(-0.1 * years)[:, None]
    found = block.ltp[:, ::2] - block.ltp[:, 1::2]
    # each side is rounded to 0.05 and never falls below it
    assert np.abs(found - forward).max() <= 0.1 + 1e-6


@pytest.mark.parametrize("key", KEYS)
def test_prices_fall_with_the_strike_for_calls_and_rise_for_puts(key: str) -> None:
    block = session(key)
    assert (np.diff(block.ltp[:, ::2], axis=1) <= 1e-9).all()
    assert (np.diff(block.ltp[:, 1::2], axis=1) >= -1e-9).all()


@pytest.mark.parametrize("key", KEYS)
def test_no_butterfly_costs_less_than_nothing(key: str) -> None:
    calls = session(key).ltp[:, ::2]
    butterfly = calls[:, 2:] - 2 * calls[:, 1:-1] + calls[:, :-2]
    assert butterfly.min() >= -0.1 - 1e-6


@pytest.mark.parametrize("key", KEYS)
def test_the_book_stands_around_the_price_on_ticks(key: str) -> None:
    block = session(key)
    has_bid = np.isfinite(block.bid)
    assert (block.bid[has_bid] <= block.ltp[has_bid]).all()
    assert (block.ask >= block.ltp).all()
    for prices in (block.ltp, block.ask, block.bid[has_bid]):
        assert prices.min() >= 0.05
        np.testing.assert_allclose(prices * 20, np.round(prices * 20), atol=1e-6)
    assert np.isnan(block.bid_quantity[~has_bid]).all()


def test_prices_imply_the_smile_they_were_made_from() -> None:
    block = session("NSE_MONTHLY")
    years = (block.seconds_to_expiry / (365 * 86_400))[:, None]
    chain = block.contracts
    implied = implied_volatility(
        chain.is_call, block.ltp, block.underlying[:, None], chain.strike, years
    )
    near = np.abs(chain.strike - block.underlying[:, None]) < 500
    assert np.abs(implied - block.volatility)[near].max() < 0.002


def test_volatility_is_higher_below_than_above_the_money() -> None:
    block = session("NSE_MONTHLY")
    chain = block.contracts
    at = [
        block.volatility[0, np.argmin(np.abs(chain.strike - block.underlying[0] * k))]
        for k in (0.97, 1.0, 1.02)
    ]
    assert at[0] > at[1]
    assert at[0] > at[2]


@pytest.mark.parametrize("key", KEYS)
def test_open_interest_moves_every_three_minutes_only(key: str) -> None:
    block = session(key)
    moved = (np.diff(block.oi, axis=0) != 0).mean(axis=1)
    at = (SESSION[1:] % 180) == 0
    assert (moved[~at] == 0).all()
    assert moved[at].mean() > 0.4
    assert (block.oi >= 0).all()
    assert (block.oi % EXCHANGES[key].lot_size == 0).all()


@pytest.mark.parametrize("key", KEYS)
def test_volume_only_grows_within_a_day(key: str) -> None:
    block = session(key)
    assert (np.diff(block.volume, axis=0) >= 0).all()
    assert (block.volume[-1] > block.volume[0]).mean() > 0.5


def test_chains_are_as_wide_as_the_real_ones() -> None:
    widths = {key: len(session(key).contracts.strike) // 2 for key in KEYS}
    assert 105 <= widths["NSE"] <= 121
    assert 134 <= widths["BSE"] <= 176
    assert widths["NSE_MONTHLY"] == 123
    assert widths["BANKNIFTY_MONTHLY"] == 167


@pytest.mark.parametrize("key", KEYS)
def test_the_index_stays_inside_its_chain(key: str) -> None:
    for back in range(0, 60, 5):
        block = session(key, WEDNESDAY - timedelta(days=back))
        strike = block.contracts.strike
        assert strike[0] < block.underlying.min()
        assert block.underlying.max() < strike[-1]


def test_tokens_are_unique_and_symbols_tell_the_contract() -> None:
    chains = [session(key).contracts for key in KEYS]
    tokens = np.concatenate([chain.token for chain in chains])
    assert len(np.unique(tokens)) == len(tokens)
    assert tokens.min() >= 10_000
    assert chains[0].symbol[0] == f"NIFTY26811{chains[0].strike[0]:g}CE"


def test_weekly_and_monthly_keys_share_one_index() -> None:
    weekly, monthly = session("NSE"), session("NSE_MONTHLY")
    np.testing.assert_array_equal(weekly.underlying, monthly.underlying)
    np.testing.assert_array_equal(weekly.future, monthly.future)


def test_in_the_week_of_the_monthly_expiry_both_keys_show_the_same_contracts() -> None:
    weekly, monthly = (session(k, WEEK_OF_THE_MONTHLY_EXPIRY) for k in ("NSE", "NSE_MONTHLY"))
    assert weekly.contracts.expiry == monthly.contracts.expiry
    shared = np.isin(monthly.contracts.token, weekly.contracts.token)
    assert shared.sum() == len(weekly.contracts.token)
    for name in ("ltp", "oi", "volume", "bid", "ask_quantity"):
        np.testing.assert_array_equal(
            getattr(weekly, name), getattr(monthly, name)[:, shared], err_msg=name
        )


def test_the_same_seed_gives_the_same_market_and_another_gives_another() -> None:
    at = datetime(2026, 8, 19, 11, 30, 5, tzinfo=IST)
    one, same, other = (snapshot_at(seed, "BSE", at) for seed in (SEED, SEED, SEED + 1))
    assert rows_of(one.options) == rows_of(same.options)
    assert rows_of(one.options) != rows_of(other.options)
    assert one.underlying_price == same.underlying_price != other.underlying_price


def test_a_live_moment_equals_the_history_of_that_minute() -> None:
    block = session("BANKNIFTY_MONTHLY")
    live = snapshot_at(SEED, "BANKNIFTY_MONTHLY", datetime(2026, 8, 5, 10, 15, tzinfo=IST))
    assert live.options.ltp.tolist() == block.ltp[60].tolist()
    assert live.options.oi.tolist() == block.oi[60].tolist()


def test_levels_run_on_over_midnight_and_leave_gaps_over_night() -> None:
    today, tomorrow = (day_paths(SEED, WEDNESDAY + timedelta(days=d)).index for d in (0, 1))
    assert tomorrow["NIFTY"][0] == pytest.approx(today["NIFTY"][-1], rel=2e-4)
    gaps = []
    for d in range(20):
        day = WEDNESDAY - timedelta(days=d)
        before = day_paths(SEED, day - timedelta(days=1)).index["NIFTY"][CLOSE_S]
        gaps.append(abs(day_paths(SEED, day).index["NIFTY"][OPEN_S] / before - 1))
    assert max(gaps) > 0.002


def test_market_hours_are_livelier_than_the_night() -> None:
    index = day_paths(SEED, WEDNESDAY).index["NIFTY"]
    assert np.std(np.diff(index[OPEN_S:CLOSE_S])) > 2 * np.std(np.diff(index[:OPEN_S]))


def test_indices_move_together() -> None:
    index = day_paths(SEED, WEDNESDAY).index
    minute = {name: np.diff(np.log(path[OPEN_S:CLOSE_S:60])) for name, path in index.items()}
    assert np.corrcoef(minute["NIFTY"], minute["SENSEX"])[0, 1] > 0.85
    assert 0.6 < np.corrcoef(minute["NIFTY"], minute["BANKNIFTY"])[0, 1] < 0.97


def test_after_the_close_of_expiry_day_the_next_expiry_is_watched() -> None:
    tuesday = date(2026, 8, 18)
    assert expiry_at(EXCHANGES["NSE"], tuesday, CLOSE_S - 1) == tuesday
    assert expiry_at(EXCHANGES["NSE"], tuesday, CLOSE_S) == date(2026, 8, 25)


def test_the_market_begins_in_2020() -> None:
    with pytest.raises(ValueError, match="2020"):
        day_paths(SEED, date(2019, 12, 31))


@pytest.mark.parametrize("key", KEYS)
def test_every_simulated_chain_makes_sense(key: str) -> None:
    for hour in (0, 9, 15, 16, 23):
        snapshot = snapshot_at(SEED, key, datetime(2026, 8, 18, hour, 29, 30, tzinfo=IST))
        kept, faults = checked(snapshot)
        assert kept is not None
        assert kept.options is snapshot.options
        assert not faults


class Clock:
    """A clock that goes on by `step` seconds at each look."""

    def __init__(self, start: datetime, step_s: float) -> None:
        self.at, self.step = start, timedelta(seconds=step_s)

    def __call__(self) -> datetime:
        self.at += self.step
        return self.at


def test_the_feed_shows_every_chain_at_the_clocks_time_until_closed() -> None:
    clock = Clock(datetime(2026, 8, 22, 3, 0, tzinfo=IST), 1.0)
    feed = SimulateFeed(SEED, interval_s=0.001, now=clock)
    batches: Iterator = feed.batches()
    first = [next(batches) for _ in range(4)]
    second = next(batches)
    assert [chain.exchange for chain in first] == list(KEYS)
    assert {chain.timestamp for chain in first} == {datetime(2026, 8, 22, 3, 0, 1, tzinfo=IST)}
    assert second.timestamp > first[0].timestamp
    assert second.underlying_price != first[0].underlying_price
    feed.close()
    assert len(list(batches)) <= 3


def test_a_clock_that_is_set_back_an_hour_does_not_stop_the_feed() -> None:
    start = datetime(2026, 8, 19, 11, 0, tzinfo=IST)
    moments = iter([start, start - timedelta(hours=1), start - timedelta(minutes=59)])
    feed = SimulateFeed(SEED, interval_s=0.001, exchanges=("NSE",), now=lambda: next(moments))
    rescue = threading.Timer(20, feed.close)
    rescue.start()
    hours = [chain.timestamp.hour for chain in islice(feed.batches(), 3)]
    rescue.cancel()
    assert hours == [11, 10, 10]


def test_columns_hold_the_block_row_by_row() -> None:
    block = session("NSE")
    columns = chain_columns(block)
    places = len(block.contracts.strike)
    row = 200 * places + 77
    assert len(columns) == block.ltp.size
    assert columns.ltp[row] == block.ltp[200, 77]
    assert columns.timestamp[row] == block.timestamp[200]
    assert columns.symbol[row].decode() == block.contracts.symbol[77]
    assert set(np.unique(columns.moneyness)) == {b"ATM", b"ITM", b"OTM"}


def test_history_measures_oi_change_against_the_exact_earlier_minute() -> None:
    block = session("NSE")
    changes = chain_columns(block).pct_change_5m.reshape(block.oi.shape)
    assert np.isnan(changes[:5]).all()
    expected = (block.oi[5:] / block.oi[:-5].astype(float) - 1) * 100
    known = block.oi[:-5] > 0
    np.testing.assert_allclose(changes[5:][known], expected[known], atol=1e-9)
    assert (baseline_positions(block.timestamp, 5)[5:] == np.arange(370)).all()
    assert np.isfinite(percent_change(block.oi[5:], block.oi[:-5])[known]).all()


def test_each_instant_of_history_has_its_features() -> None:
    block = session("NSE")
    contexts = snapshot_contexts(block)
    assert len(contexts) == len(SESSION)
    calls = block.contracts.is_call
    expected = block.oi[100][~calls].sum() / block.oi[100][calls].sum()
    assert contexts[100].features["pcr_total_oi"] == pytest.approx(expected)
    assert contexts[0].features["percent_oichange_fut_3m"] is None
    assert contexts[100].timestamp == datetime(2026, 8, 5, 10, 55, tzinfo=IST)


def test_a_narrowed_chain_holds_the_strikes_nearest_to_the_money() -> None:
    block = session("BSE")
    narrow = narrowed(block, 81)
    strikes = np.unique(narrow.contracts.strike)
    assert len(strikes) == 81
    assert np.diff(strikes).max() == 100
    assert abs(strikes.mean() - block.underlying[0]) <= 100
    kept = np.isin(block.contracts.token, narrow.contracts.token)
    np.testing.assert_array_equal(narrow.oi, block.oi[:, kept])
    assert narrow.oi.sum() > 0.95 * block.oi.sum()
    assert len(chain_columns(narrow)) == len(SESSION) * 162


def test_listing_is_remembered_as_it_was_made() -> None:
    assert contracts(SEED, "NSE", date(2026, 8, 25)) is contracts(SEED, "NSE", date(2026, 8, 25))
