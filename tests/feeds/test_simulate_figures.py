"""Levels, shares and medians of the simulated market against those of real chains.

NIFTY weekly, 13:08, five or six days before expiry: 22.4 and 15.1 crore units open in calls and
puts, 79 and 76 crore traded (NSE, August 2026); the rest as told at each test.
"""

from functools import cache

import numpy as np
import pytest

from app.analytics.implied_volatility import implied_volatility
from app.feeds.simulate.chain import ChainBlock
from app.feeds.simulate.surface import carry
from app.feeds.simulate.underlyings import underlying_of
from db.market.exchanges import EXCHANGES
from tests.feeds.simulated import AT_1308, KEYS, SEED, block, market_day, minutes, near

DAYS = tuple(market_day(back) for back in range(0, 40, 2))
MIDDAY = minutes("12:35", "13:15")
CRORE = 1e7
YEAR_S = 365 * 86_400


@cache
def midday(key: str) -> tuple[ChainBlock, ...]:
    return tuple(block(key, day, MIDDAY) for day in DAYS)


def days_left(chain: ChainBlock) -> int:
    return int(chain.seconds_to_expiry[0] // 86_400)


def test_a_nifty_weekly_holds_and_trades_as_much_as_the_real_one() -> None:
    found = []
    for day in (market_day(back) for back in range(60)):
        chain = block("NSE", day, AT_1308)
        if days_left(chain) in (5, 6):
            c = chain.contracts
            sides = (c.is_call & c.quoted, ~c.is_call & c.quoted)
            found.append(
                [q[0][side].sum() / CRORE for q in (chain.oi, chain.volume) for side in sides]
            )
    calls, puts, traded_calls, traded_puts = np.median(found, axis=0)
    assert 18 < calls < 27
    assert 12 < puts < 18.5
    # between 79 and 76 crore of a whole chain and 96 and 87 of the 19 strikes of a busier day
    assert 65 < traded_calls < 115
    assert 60 < traded_puts < 105


@pytest.mark.parametrize(
    ("key", "left", "low", "high"),
    [
        ("NSE", (5, 5), 6, 14),
        ("BSE", (0, 0), 20, 45),
        ("NSE_MONTHLY", (20, 30), 0.45, 0.9),
        ("BANKNIFTY_MONTHLY", (20, 30), 1.3, 2.7),
    ],
)
def test_volume_over_open_interest_near_the_money(
    key: str, left: tuple[int, int], low: float, high: float
) -> None:
    """By 13:08: 11.3, 38, 0.61 and 2.05 on the tape of 2025-12-04."""
    found = []
    for day in (market_day(back) for back in range(45)):
        chain = block(key, day, AT_1308)
        if left[0] <= days_left(chain) <= left[1]:
            legs = near(chain, 9.5)
            found.append(chain.volume[0, legs].sum() / chain.oi[0, legs].sum())
    assert low < np.median(found) < high


def test_round_strikes_hold_more() -> None:
    """Hundreds about three times fifties, five hundreds 1.8 to 2.6 times hundreds."""
    logs: dict[str, list[np.ndarray]] = {"fifty": [], "hundred": [], "five": []}
    for chain in midday("NSE"):
        strike = chain.contracts.strike
        legs = near(chain, 30) & chain.contracts.quoted & (chain.oi[0] > 0)
        kind = np.where(strike % 500 == 0, "five", np.where(strike % 100 == 0, "hundred", "fifty"))
        # out of the money, where strikes fade slowly
        outside = np.where(
            chain.contracts.is_call, strike > chain.underlying[0], strike < chain.underlying[0]
        )
        for name, found in logs.items():
            found.append(np.log(chain.oi[0, legs & outside & (kind == name)]))
    typical = {name: np.exp(np.concatenate(found).mean()) for name, found in logs.items()}
    assert 2.4 < typical["hundred"] / typical["fifty"] < 3.7
    assert 1.6 < typical["five"] / typical["hundred"] < 2.7


def changes(chain: ChainBlock) -> np.ndarray:
    """|ΔOI| over three minutes in percent, NaN where unknown."""
    before = np.where(chain.oi[:-3] > 0, chain.oi[:-3], np.nan)
    return np.abs(chain.oi[3:] - before) / before * 100


def test_open_interest_moves_as_little_as_the_real_one() -> None:
    """Median 0.28 % near the money, 0 far from it, beyond 8 % in 0.14 % of legs."""
    at_money, far = [], []
    for key in KEYS:
        for chain in midday(key):
            if days_left(chain) > 0:
                at_money.append(changes(chain)[:, near(chain, 9.5)].ravel())
                far.append(changes(chain)[:, ~near(chain, 30) & chain.contracts.quoted].ravel())
    near_by = np.concatenate(at_money)
    assert 0.15 < np.nanmedian(near_by) < 0.4
    assert 0.0004 < np.nanmean(near_by > 8) < 0.003
    assert np.nanmedian(np.concatenate(far)) < 0.05
    assert np.nanmean(near_by == 0) < 0.2


def test_on_expiry_day_open_interest_moves_more() -> None:
    """Median 1.3 % on the tape of a SENSEX expiry."""
    quiet = [np.nanmedian(changes(c)[:, near(c, 9.5)]) for c in midday("BSE") if days_left(c) > 2]
    last = [np.nanmedian(changes(c)[:, near(c, 9.5)]) for c in midday("BSE") if days_left(c) == 0]
    assert np.median(last) > 2 * np.median(quiet)


@pytest.mark.parametrize("key", KEYS)
def test_each_contract_publishes_open_interest_once_in_three_minutes(key: str) -> None:
    second = np.arange(36_000, 36_000 + 1_800)
    chain = block(key, DAYS[0], second)
    contract, moved = np.nonzero((np.diff(chain.oi, axis=0) != 0).T)
    phase = (second[1:][moved]) % 180
    assert len(moved) > 100
    for one in np.unique(contract):
        assert len(np.unique(phase[contract == one])) == 1
    # ragged over two minutes
    assert phase.max() < 120
    assert len(np.unique(phase)) > 60


def trades(chain: ChainBlock) -> np.ndarray:
    return np.diff(chain.ltp[:, chain.contracts.quoted], axis=0) != 0


def test_as_many_contracts_change_price_in_a_minute_as_in_reality() -> None:
    """39 % of all; on the tape 96 % near a NIFTY weekly's money, 85 and 63 % of the monthlies'."""
    every = [trades(chain) for key in KEYS for chain in midday(key)]
    share = sum(found.sum() for found in every) / sum(found.size for found in every)
    assert 0.32 < share < 0.46
    weekly = [
        (np.diff(chain.ltp, axis=0) != 0)[:, near(chain, 9.5)].mean()
        for chain in midday("NSE")
        if days_left(chain) > 2
    ]
    assert np.mean(weekly) > 0.85


def test_some_contracts_stand_for_the_whole_time() -> None:
    for key in KEYS:
        standing = [(~trades(chain).any(axis=0)).mean() for chain in midday(key)]
        assert 0.08 < np.mean(standing) < 0.6


def test_a_trade_prints_at_bid_or_ask_and_the_book_moves_between_trades() -> None:
    chain = block("NSE", DAYS[1], np.arange(40_000, 40_600))
    quoted = chain.contracts.quoted
    ltp, bid, ask = (q[:, quoted] for q in (chain.ltp, chain.bid, chain.ask))
    volume = chain.volume[:, quoted]
    moved = np.diff(ltp, axis=0) != 0
    at_book = (ltp[1:] == bid[1:]) | (ltp[1:] == ask[1:])
    assert moved.sum() > 1_000
    assert at_book[moved].all()
    # both sides are hit, and a price moves only with a trade
    assert 0.25 < (ltp[1:] == bid[1:])[moved].mean() < 0.75
    assert (np.diff(volume, axis=0)[moved] > 0).mean() > 0.9
    assert np.nanmean(np.diff(bid, axis=0) != 0) > 2 * moved.mean()


@pytest.mark.parametrize("key", KEYS)
def test_volume_only_grows_within_a_day(key: str) -> None:
    chain = block(key, DAYS[0], np.arange(0, 86_400, 300))
    assert (np.diff(chain.volume, axis=0) >= 0).all()
    assert (chain.volume[-1] > chain.volume[0])[near(chain, 20)].mean() > 0.95


def test_carry_is_four_to_eight_percent_and_varies_by_day_and_key() -> None:
    found = {
        (key, day): carry(
            SEED,
            underlying_of(EXCHANGES[key].underlying_symbol).family,
            chain.contracts.expiry,
            day,
        )
        for key in KEYS
        for chain, day in zip(midday(key), DAYS, strict=True)
    }
    rates = np.array(list(found.values()))
    assert 0.04 <= rates.min() < rates.max() <= 0.085
    assert 0.05 < np.median(rates) < 0.075
    assert len(np.unique(rates)) > len(DAYS)


def test_calls_and_puts_differ_with_ten_percent_and_agree_on_the_parity_forward() -> None:
    """On the tape 8.1 / 12.1 and 7.7 / 11.2 of monthlies; 10.4 and 9.7 on both sides by parity."""
    apart = []
    for chain in midday("NSE_MONTHLY"):
        if not 12 <= days_left(chain) <= 30:
            continue
        c, years = chain.contracts, chain.seconds_to_expiry[0] / YEAR_S
        strike = c.strike[np.argmin(np.abs(c.strike - chain.underlying[0]))]
        call, put = np.flatnonzero(c.strike == strike)
        middle = (chain.bid + chain.ask)[0] / 2
        apart.append((chain.volatility[0, put] - chain.volatility[0, call]) * 100)
        rate = carry(SEED, c.underlying.family, c.expiry, chain.timestamp[0].item().date())
        forward = strike + (middle[call] - middle[put]) * np.exp(rate * years)
        fair = chain.underlying[0] * np.exp(rate * years)
        assert forward == pytest.approx(fair, rel=1e-4)
        # in units of the money at expiry: no rate is left
        sides = [
            implied_volatility(
                c.is_call[leg], middle[leg] * np.exp(rate * years), forward, strike, years, 0.0
            )
            for leg in (call, put)
        ]
        assert sides[0] == pytest.approx(sides[1], abs=1e-3)
    assert len(apart) > 3
    assert min(apart) > 0
    assert 0.8 < np.median(apart) < 5


def test_futures_stand_where_the_monthly_options_parity_stands() -> None:
    for chain in midday("NSE_MONTHLY")[:10]:
        c, years = chain.contracts, chain.seconds_to_expiry / YEAR_S
        rate = carry(SEED, c.underlying.family, c.expiry, chain.timestamp[0].item().date())
        assert chain.future == pytest.approx(chain.underlying * np.exp(rate * years), rel=6e-4)


def test_far_from_the_money_some_contracts_are_missing_and_some_are_mute() -> None:
    absent = mute = 0
    for key in KEYS:
        for chain in midday(key):
            c = chain.contracts
            absent += (np.unique(c.strike, return_counts=True)[1] < 2).sum()
            mute += (~c.quoted).sum()
            assert near(chain, 35)[~c.quoted].sum() == 0
            for figures in (chain.ltp, chain.bid, chain.ask, chain.volatility):
                assert np.isnan(figures[:, ~c.quoted]).all()
            assert (chain.oi[:, ~c.quoted] == -1).all()
            assert np.isfinite(chain.ltp[:, c.quoted]).all()
    assert absent / len(DAYS) > 4
    assert mute / len(DAYS) > 4


def test_what_is_missing_stays_missing_for_the_day() -> None:
    early, late = (block("BSE", DAYS[0], second) for second in (33_300, 55_000))
    assert early.contracts is late.contracts
    tomorrow = block("BSE", market_day(1), 33_300)
    assert set(tomorrow.contracts.symbol) != set(early.contracts.symbol)
