"""Quotes of a simulated chain at any instants of a day, vectorised over instants × contracts."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats, years_to_expiry
from app.feeds.simulate.contracts import Contracts, listed
from app.feeds.simulate.flows import OI_STEP_S, Flows, flows
from app.feeds.simulate.inversion import implied_volatilities
from app.feeds.simulate.paths import DayPaths, at, day_paths
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

    Prices in INR, quantities in units. `level` is the `underlying` while that moves, and what
    derivatives say of it while it stands still in a closing auction. Unknown are NaN and, of `oi`
    and `volume`, −1: contracts that nobody quotes; where nobody bids, bid and its quantity are NaN.
    """

    contracts: Contracts
    timestamp: NDArray[np.datetime64]
    seconds_to_expiry: NDArray[np.int64]
    underlying: Floats
    level: Floats
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
        """Implied by last prices at the level and 10 %, a fraction a year; NaN where none is."""
        chain, years = self.contracts, years_to_expiry(self.seconds_to_expiry)
        found = np.empty(self.ltp.shape)
        for some in pieces(*self.ltp.shape):
            found[some] = implied_volatilities(
                chain.is_call, self.ltp[some], self.level[some], chain.strike, years[some]
            )
        return found


_PER_CONTRACT: dict[str, type] = {
    **dict.fromkeys(("ltp", "bid", "ask", "bid_quantity", "ask_quantity"), np.float64),
    **dict.fromkeys(("oi", "volume"), np.int64),
}
# below 128 KiB an array comes from memory that is there already
_CACHED_FIGURES = 16_000


def chain_block(
    seed: int,
    key: str,
    expiry: date,
    day: date,
    second: NDArray[np.int64],
    strikes: int | None = None,
    effect: float = 0.0,
) -> ChainBlock:
    """The chain of an exchange key at those seconds after midnight (m,) of a day.

    With `strikes` only those nearest to the money, at the cost of those; see `listed`. `effect` is
    how strongly open interest runs ahead of the index, as a share of its own noise: see `planted`.
    """
    chain, paths = listed(seed, key, expiry, day, strikes), day_paths(seed, day)
    prepared = _prepared(seed, key, expiry, day, strikes, effect)
    shape = (len(second), len(chain.strike))
    quotes: dict[str, NDArray[Any]] = {
        name: np.empty(shape, dtype=kind) for name, kind in _PER_CONTRACT.items()
    }
    for some in pieces(*shape):
        _quote(seed, chain, day, prepared, second[some], {n: q[some] for n, q in quotes.items()})
    _mute(chain, quotes)
    return ChainBlock(
        contracts=chain,
        timestamp=np.datetime64(day, "us") + second.astype("timedelta64[s]"),
        seconds_to_expiry=np.maximum(seconds_left(expiry, day) - second, 0),
        underlying=paths.shown(chain.exchange.underlying_symbol, second),
        level=paths.index[chain.exchange.underlying_symbol][second],
        future=_future(seed, chain, day, paths, second),
        future_oi=prepared[0].future_oi[second // OI_STEP_S],
        vix=np.round(at(paths.vix, second), 2),
        **quotes,
    )


def pieces(instants: int, places: int) -> list[slice]:
    """The rows of an array (instants, places), divided so that a processor's cache holds a part."""
    rows = max(1, _CACHED_FIGURES // max(places, 1))
    return [slice(first, first + rows) for first in range(0, instants, rows)]


def _quote(
    seed: int,
    chain: Contracts,
    day: date,
    prepared: tuple[Flows, Surface, Clockwork],
    second: Seconds,
    quotes: dict[str, NDArray[Any]],
) -> None:
    """Write the quotes of some instants into their rows of a block."""
    flow, model, works = prepared
    trade = last_trades(works, flow, day, second)
    _price(traded_ticks(works, model, trade), quotes["ltp"])
    bid, ask = quoted_ticks(works, model, second)
    nobody = bid < 1
    _price(bid, quotes["bid"])
    _price(ask, quotes["ask"])
    quantities(seed, works, chain.lot, second, 0, quotes["bid_quantity"])
    quantities(seed, works, chain.lot, second, 50_021, quotes["ask_quantity"])
    np.copyto(quotes["bid"], np.nan, where=nobody)
    np.copyto(quotes["bid_quantity"], np.nan, where=nobody)
    _open_interest(flow, second, quotes["oi"])
    volume(seed, flow, chain.lot, day, trade, quotes["volume"])


@lru_cache(maxsize=8)
def _prepared(
    seed: int, key: str, expiry: date, day: date, strikes: int | None, effect: float
) -> tuple[Flows, Surface, Clockwork]:
    """What all instants of a chain's day share."""
    chain = listed(seed, key, expiry, day, strikes)
    flow = flows(seed, key, expiry, day, strikes, effect)
    return flow, surface(seed, chain, day, day_paths(seed, day)), clockwork(chain, day)


def _price(ticks: Singles, out: Floats) -> None:
    """INR; a division by 20 gives exactly the number that a price's two decimals stand for."""
    np.divide(ticks, TICKS_PER_RUPEE, out=out, dtype=np.float64)


def _open_interest(flow: Flows, second: Seconds, out: NDArray[np.int64]) -> None:
    contracts = len(flow.late)
    step = second[:, None] - flow.late
    step //= OI_STEP_S
    np.maximum(step, 0, out=step)
    step *= contracts
    step += np.arange(contracts)
    np.take(flow.oi, step, out=out, mode="clip")


def _future(seed: int, chain: Contracts, day: date, paths: DayPaths, second: Seconds) -> Floats:
    """Where the market's carry puts it at its own expiry, a little off, on a tick of 0.10."""
    name = chain.exchange.underlying_symbol
    years = years_to_expiry(np.maximum(seconds_left(chain.future_expiry, day) - second, 0))
    rate = carry(seed, chain.underlying.family, chain.future_expiry, day)
    fair = paths.index[name][second] * np.exp(rate * years)
    found: Floats = np.round(fair * (1 + at(paths.basis[name], second)), 1)
    return found


def _mute(chain: Contracts, quotes: dict[str, NDArray[Any]]) -> None:
    mute = np.flatnonzero(~chain.quoted)
    for values in quotes.values():
        values[:, mute] = -1 if values.dtype == np.int64 else np.nan
