"""The simulated market is coherent, repeatable, and free of money for nothing."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from app.analytics.baselines import baseline_positions
from app.analytics.implied_volatility import implied_volatility
from app.analytics.open_interest import percent_change
from app.feeds.simulate.chain import ChainBlock, chain_block
from app.feeds.simulate.columns import chain_columns, snapshot_contexts
from app.feeds.simulate.contracts import contracts, expiry_at, listed
from app.feeds.simulate.feed import SimulateFeed, snapshot_at
from app.feeds.simulate.paths import day_paths
from app.feeds.simulate.surface import carry
from app.feeds.validation import checked
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.lots import lot_size
from tests.feeds.simulated import KEYS, SEED, WEDNESDAY, block, minutes, near
from tests.support.chains import rows_of

SESSION = minutes("09:15", "15:40")
WEEK_OF_THE_MONTHLY_EXPIRY = date(2026, 8, 19)


def session(key: str, day: date = WEDNESDAY) -> ChainBlock:
    return block(key, day, SESSION)


def pairs(chain: ChainBlock) -> tuple[np.ndarray, np.ndarray]:
    """Places of the calls and the puts of strikes that list and quote both."""
    c = chain.contracts
    whole = np.isin(c.strike, c.strike[c.is_call & c.quoted])
    whole &= np.isin(c.strike, c.strike[~c.is_call & c.quoted])
    return np.flatnonzero(whole & c.is_call), np.flatnonzero(whole & ~c.is_call)


@pytest.mark.parametrize("key", KEYS)
def test_bids_and_asks_leave_no_money_in_conversions(key: str) -> None:
    chain = session(key)
    calls, puts = pairs(chain)
    c = chain.contracts
    years = chain.seconds_to_expiry[:, None] / (365 * 86_400)
    spot = day_paths(SEED, WEDNESDAY).index[c.exchange.underlying_symbol][SESSION][:, None]
    fair = spot - c.strike[calls] * np.exp(
        -carry(SEED, c.underlying.family, c.expiry, WEDNESDAY) * years
    )
    dearest = chain.ask[:, calls] - np.nan_to_num(chain.bid[:, puts])
    cheapest = np.nan_to_num(chain.bid[:, calls]) - chain.ask[:, puts]
    assert (cheapest <= fair + 0.01).all()
    assert (dearest >= fair - 0.01).all()


@pytest.mark.parametrize("key", KEYS)
def test_no_spread_of_strikes_pays_for_being_taken(key: str) -> None:
    chain = session(key)
    c = chain.contracts
    for side, sign in ((c.is_call, 1), (~c.is_call, -1)):
        legs = np.flatnonzero(side & c.quoted)[::sign]
        # a dearer contract never costs less than a cheaper one's bid
        assert (chain.ask[:, legs[:-1]] >= np.nan_to_num(chain.bid[:, legs[1:]])).all()
        # a butterfly of evenly spaced strikes costs something
        even = np.abs(np.diff(c.strike[legs], 2)) < 1e-9
        wings = chain.ask[:, legs[:-2]] + chain.ask[:, legs[2:]]
        bodies = np.nan_to_num(chain.bid[:, legs[1:-1]])
        assert (wings - 2 * bodies)[:, even].min() > 0


@pytest.mark.parametrize("key", KEYS)
def test_prices_are_on_ticks_and_the_book_has_two_sides(key: str) -> None:
    chain = session(key)
    has_bid = np.isfinite(chain.bid)
    assert (chain.bid[has_bid] < chain.ask[has_bid]).all()
    quoted = chain.contracts.quoted
    for prices in (chain.ltp[:, quoted], chain.ask[:, quoted], chain.bid[has_bid]):
        assert prices.min() >= 0.05
        assert (prices == np.round(prices, 2)).all()
        np.testing.assert_allclose(prices * 20, np.round(prices * 20), atol=1e-6)
    assert np.isnan(chain.bid_quantity[~has_bid]).all()


@pytest.mark.parametrize("key", KEYS)
def test_volatility_is_that_of_the_last_price_at_the_level_with_ten_percent(key: str) -> None:
    chain = session(key)
    c, years = chain.contracts, (chain.seconds_to_expiry / (365 * 86_400))[:, None]
    exact = implied_volatility(c.is_call, chain.ltp, chain.level[:, None], c.strike, years)
    assert (np.isnan(exact) == np.isnan(chain.volatility)).mean() > 0.9999
    both = np.isfinite(exact) & np.isfinite(chain.volatility)
    assert both[:, near(chain, 10)].mean() > 0.95
    assert (np.abs(exact - chain.volatility)[both] < 1e-4 * np.maximum(exact[both], 0.1)).all()


def test_volatility_is_higher_below_than_above_the_money() -> None:
    chain = session("NSE_MONTHLY")
    c = chain.contracts
    puts = ~c.is_call
    at = [
        chain.volatility[0, puts][np.argmin(np.abs(c.strike[puts] - chain.underlying[0] * k))]
        for k in (0.97, 1.0, 1.02)
    ]
    assert at[0] > at[1]


@pytest.mark.parametrize("key", KEYS)
def test_quantities_are_whole_lots_of_the_contract(key: str) -> None:
    for day in (WEDNESDAY, date(2025, 12, 17), date(2025, 1, 15)):
        chain = block(key, day, [36_000, 45_000])
        c = chain.contracts
        lot = lot_size(c.exchange.underlying_symbol, c.expiry)
        assert lot == c.lot
        for quantity in (chain.oi, chain.volume):
            assert (quantity[:, c.quoted] >= 0).all()
            assert (quantity[:, c.quoted] % lot == 0).all()
        for quantity in (chain.bid_quantity, chain.ask_quantity):
            known = quantity[np.isfinite(quantity)]
            assert known.min() >= lot
            assert (known % lot == 0).all()
        assert (chain.future_oi % lot == 0).all()


def test_lots_are_those_of_the_expiry() -> None:
    assert listed(SEED, "NSE_MONTHLY", date(2025, 12, 30), date(2025, 12, 17)).lot == 75
    assert listed(SEED, "NSE_MONTHLY", date(2026, 1, 27), date(2025, 12, 31)).lot == 65
    assert listed(SEED, "BANKNIFTY_MONTHLY", date(2025, 12, 30), date(2025, 12, 17)).lot == 35


def test_chains_are_as_wide_as_the_real_ones() -> None:
    widths = {key: len(np.unique(session(key).contracts.strike)) for key in KEYS}
    assert 105 <= widths["NSE"] <= 121
    assert 134 <= widths["BSE"] <= 176
    assert 110 <= widths["NSE_MONTHLY"] <= 123
    assert 150 <= widths["BANKNIFTY_MONTHLY"] <= 167


@pytest.mark.parametrize("key", KEYS)
def test_the_index_stays_inside_its_chain(key: str) -> None:
    for back in range(0, 60, 5):
        chain = session(key, WEDNESDAY - timedelta(days=back))
        strike = chain.contracts.strike
        assert strike[0] < chain.underlying.min()
        assert chain.underlying.max() < strike[-1]


def test_tokens_are_unique_and_symbols_tell_the_contract() -> None:
    chains = [session(key).contracts for key in KEYS]
    tokens = np.concatenate([chain.token for chain in chains])
    assert len(np.unique(tokens)) == len(tokens)
    assert tokens.min() >= 10_000
    side = "CE" if chains[0].is_call[0] else "PE"
    assert chains[0].symbol[0] == f"NIFTY26811{chains[0].strike[0]:g}{side}"


def test_weekly_and_monthly_keys_share_one_index_and_future() -> None:
    weekly, monthly = session("NSE"), session("NSE_MONTHLY")
    for name in ("underlying", "future", "future_oi", "vix"):
        np.testing.assert_array_equal(getattr(weekly, name), getattr(monthly, name))


def test_in_the_week_of_the_monthly_expiry_both_keys_show_the_same_contracts() -> None:
    weekly, monthly = (session(k, WEEK_OF_THE_MONTHLY_EXPIRY) for k in ("NSE", "NSE_MONTHLY"))
    assert weekly.contracts.expiry == monthly.contracts.expiry
    shared = np.isin(monthly.contracts.token, weekly.contracts.token)
    assert shared.sum() == len(weekly.contracts.token)
    for name in ("ltp", "oi", "volume", "bid", "ask_quantity", "volatility"):
        np.testing.assert_array_equal(
            getattr(weekly, name), getattr(monthly, name)[:, shared], err_msg=name
        )


def test_the_same_seed_gives_the_same_market_and_another_gives_another() -> None:
    at = datetime(2026, 8, 19, 11, 30, 5, tzinfo=IST)
    one, same, other = (snapshot_at(seed, "BSE", at) for seed in (SEED, SEED, SEED + 1))
    assert rows_of(one.options) == rows_of(same.options)
    assert rows_of(one.options) != rows_of(other.options)
    assert one.underlying_price == same.underlying_price != other.underlying_price


@pytest.mark.parametrize("name", ["ltp", "bid", "ask", "bid_quantity", "oi", "volume"])
def test_an_instant_is_the_same_in_whatever_block_it_is_asked_for(name: str) -> None:
    whole = block("BSE", WEDNESDAY, np.arange(33_000, 57_600, 7))
    alone = block("BSE", WEDNESDAY, np.arange(33_000, 57_600, 7)[1_234])
    np.testing.assert_array_equal(getattr(whole, name)[1_234], getattr(alone, name)[0])


def test_a_live_moment_equals_the_history_of_that_minute() -> None:
    chain = session("BANKNIFTY_MONTHLY")
    live = snapshot_at(SEED, "BANKNIFTY_MONTHLY", datetime(2026, 8, 5, 10, 15, tzinfo=IST))
    assert live.options.oi.tolist() == chain.oi[60].tolist()
    np.testing.assert_array_equal(live.options.ltp, chain.ltp[60])


def test_a_narrow_chain_is_part_of_the_whole() -> None:
    whole, narrow = session("BSE"), block("BSE", WEDNESDAY, SESSION, strikes=81)
    strikes = np.unique(narrow.contracts.strike)
    assert len(strikes) == 81
    assert len(narrow.contracts.strike) == 162
    assert np.diff(strikes).max() == 100
    kept = np.isin(whole.contracts.token, narrow.contracts.token)
    for name in ("oi", "ltp", "volume", "bid", "ask_quantity"):
        np.testing.assert_array_equal(getattr(narrow, name), getattr(whole, name)[:, kept])
    assert narrow.oi.sum() > 0.9 * whole.oi[whole.oi > 0].sum()
    assert len(chain_columns(narrow)) == len(SESSION) * 162


def test_indices_move_together() -> None:
    index = day_paths(SEED, WEDNESDAY).index
    minute = {name: np.diff(np.log(path[SESSION])) for name, path in index.items()}
    assert np.corrcoef(minute["NIFTY"], minute["SENSEX"])[0, 1] > 0.85
    assert 0.6 < np.corrcoef(minute["NIFTY"], minute["BANKNIFTY"])[0, 1] < 0.97


def test_no_two_days_of_an_index_are_alike() -> None:
    def moves(day: date) -> np.ndarray:
        return np.diff(np.log(day_paths(SEED, day).index["NIFTY"][SESSION]))

    first = moves(WEDNESDAY)
    others = [np.corrcoef(first, moves(WEDNESDAY + timedelta(days=d)))[0, 1] for d in (1, 2, 5)]
    assert np.abs(others).max() < 0.25


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
    chain = session("NSE")
    columns = chain_columns(chain)
    places = len(chain.contracts.strike)
    row = 200 * places + 77
    assert len(columns) == chain.ltp.size
    assert columns.ltp[row] == chain.ltp[200, 77]
    assert columns.timestamp[row] == chain.timestamp[200]
    assert columns.symbol[row].decode() == chain.contracts.symbol[77]
    assert columns.iv[row] == round(chain.volatility[200, 77] * 100, 2)
    assert set(np.unique(columns.moneyness)) == {b"ATM", b"ITM", b"OTM"}
    assert (columns.strike[columns.moneyness == b"ATM"].reshape(len(SESSION), 2) % 50 == 0).all()


@pytest.mark.parametrize("gap", [0, 4_000])
def test_history_measures_oi_change_against_the_exact_earlier_minute(gap: int) -> None:
    seconds = np.concatenate([SESSION[:150], SESSION[150:300] + gap])
    chain = block("NSE", WEDNESDAY, seconds)
    changes = chain_columns(chain).pct_change_5m.reshape(chain.oi.shape)
    before = baseline_positions(chain.timestamp, 5)
    known = chain.contracts.quoted
    expected = percent_change(chain.oi[:, known], chain.oi[before][:, known])
    expected[before < 0] = np.nan
    assert (before < 0).sum() == (5 if gap == 0 else 10)
    np.testing.assert_allclose(changes[:, known], expected, atol=1e-9)
    assert np.isnan(changes[:, ~known]).all()


def test_each_instant_of_history_has_its_features() -> None:
    chain = session("NSE")
    contexts = snapshot_contexts(chain)
    assert len(contexts) == len(SESSION)
    calls, known = chain.contracts.is_call, chain.contracts.quoted
    expected = chain.oi[100][~calls & known].sum() / chain.oi[100][calls & known].sum()
    assert contexts[100].features["pcr_total_oi"] == pytest.approx(expected)
    assert contexts[0].features["percent_oichange_fut_3m"] is None
    assert contexts[100].timestamp == datetime(2026, 8, 5, 10, 55, tzinfo=IST)


def test_listing_is_remembered_as_it_was_made() -> None:
    assert contracts(SEED, "NSE", date(2026, 8, 25)) is contracts(SEED, "NSE", date(2026, 8, 25))


def test_a_moment_before_any_step_of_the_day_has_open_interest() -> None:
    chain = chain_block(
        SEED, "NSE", expiry_at(EXCHANGES["NSE"], WEDNESDAY, 0), WEDNESDAY, np.array([0, 1])
    )
    assert (chain.oi[:, chain.contracts.quoted] > 0).mean() > 0.8
