"""Quotes of a simulated chain at any instants of a day, vectorised over instants × contracts."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats, years_to_expiry
from app.feeds.simulate.contracts import Contracts, listed
from app.feeds.simulate.flows import OI_STEP_S, Flows, flows
from app.feeds.simulate.inversion import implied_volatilities
from app.feeds.simulate.paths import DayPaths, day_paths
from app.feeds.simulate.surface import Seconds, Singles, Surface, carry, seconds_left, surface
from app.feeds.simulate.trades import (
    TICKS_PER_RUPEE,
    Clockwork,
    clockwork,
    last_trades,
    quantities,
    quoted_ticks,
    traded_ticks,
    volume,
)


@dataclass(frozen=True, eq=False)
class ChainBlock:
    """A chain at m instants: figures of the underlying are (m,), of the options (m, n).

    Prices in INR, quantities in units. Unknown are NaN and, of `oi` and `volume`, −1: contracts
    that nobody quotes; where nobody bids, bid and its quantity are NaN.
    """

    contracts: Contracts
    timestamp: NDArray[np.datetime64]
    seconds_to_expiry: NDArray[np.int64]
    underlying: Floats
    future: Floats
    future_oi: NDArray[np.int64]
    vix: Floats
    ltp: Floats
    bid: Floats
    ask: Floats
    bid_quantity: Floats
    ask_quantity: Floats
    oi: NDArray[np.int64]
    volume: NDArray[np.int64]

    @cached_property
    def volatility(self) -> Floats:
        """Implied by the last prices with spot and 10 %, a fraction a year; NaN where none is."""
        chain, years = self.contracts, years_to_expiry(self.seconds_to_expiry)
        return implied_volatilities(chain.is_call, self.ltp, self.underlying, chain.strike, years)


def chain_block(
    seed: int,
    key: str,
    expiry: date,
    day: date,
    second: NDArray[np.int64],
    strikes: int | None = None,
) -> ChainBlock:
    """The chain of an exchange key at those seconds after midnight (m,) of a day.

    With `strikes` only those nearest to the money, at the cost of those; see `listed`.
    """
    chain, paths = listed(seed, key, expiry, day, strikes), day_paths(seed, day)
    flow, model, works = _prepared(seed, key, expiry, day, strikes)
    name = chain.exchange.underlying_symbol
    left = np.maximum(seconds_left(expiry, day) - second, 0)
    trade = last_trades(works, flow, day, second)
    ltp = _prices(traded_ticks(works, model, trade))
    bid_ticks, ask_ticks = quoted_ticks(works, model, second)
    bid_quantity = quantities(seed, works, chain.lot, second, 0)
    bid = _prices(bid_ticks)
    unwanted = bid_ticks < 1
    bid[unwanted] = np.nan
    bid_quantity[unwanted] = np.nan
    block = ChainBlock(
        contracts=chain,
        timestamp=np.datetime64(day, "us") + second.astype("timedelta64[s]"),
        seconds_to_expiry=left,
        underlying=paths.shown[name][second],
        future=_future(seed, chain, day, paths, second),
        future_oi=flow.future_oi[second // OI_STEP_S],
        vix=paths.vix[second],
        ltp=ltp,
        bid=bid,
        ask=_prices(ask_ticks),
        bid_quantity=bid_quantity,
        ask_quantity=quantities(seed, works, chain.lot, second, 50_021),
        oi=_open_interest(flow, second),
        volume=volume(seed, flow, chain.lot, day, trade),
    )
    _mute(block)
    return block


@lru_cache(maxsize=8)
def _prepared(
    seed: int, key: str, expiry: date, day: date, strikes: int | None
) -> tuple[Flows, Surface, Clockwork]:
    """What all instants of a chain's day share."""
    chain, flow = listed(seed, key, expiry, day, strikes), flows(seed, key, expiry, day, strikes)
    return flow, surface(seed, chain, day, day_paths(seed, day)), clockwork(chain, day)


def _prices(ticks: Singles) -> Floats:
    """INR; a division by 20 gives exactly the number that a price's two decimals stand for."""
    return np.divide(ticks, TICKS_PER_RUPEE, dtype=np.float64)


def _open_interest(flow: Flows, second: Seconds) -> NDArray[np.int64]:
    contracts = len(flow.late)
    at = second[:, None] - flow.late
    at //= OI_STEP_S
    np.maximum(at, 0, out=at)
    at *= contracts
    at += np.arange(contracts)
    return np.take(flow.oi, at)


def _future(seed: int, chain: Contracts, day: date, paths: DayPaths, second: Seconds) -> Floats:
    """Where the market's carry puts it at its own expiry, a little off, on a tick of 0.10."""
    name = chain.exchange.underlying_symbol
    years = years_to_expiry(np.maximum(seconds_left(chain.future_expiry, day) - second, 0))
    rate = carry(seed, chain.family, chain.future_expiry, day)
    fair = paths.index[name][second] * np.exp(rate * years)
    found: Floats = np.round(fair * (1 + paths.basis[name][second]), 1)
    return found


def _mute(block: ChainBlock) -> None:
    mute = np.flatnonzero(~block.contracts.quoted)
    for prices in (block.ltp, block.bid, block.ask, block.bid_quantity, block.ask_quantity):
        prices[:, mute] = np.nan
    block.oi[:, mute] = -1
    block.volume[:, mute] = -1
