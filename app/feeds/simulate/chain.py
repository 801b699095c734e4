"""Quotes of a simulated chain at any instants of a day, vectorised over instants × contracts."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import RATE, Floats, price, years_to_expiry
from app.feeds.simulate.contracts import Contracts, contracts
from app.feeds.simulate.flows import OI_STEP_S, Flows, flows
from app.feeds.simulate.paths import CLOSE_S, DAY_S, day_paths

TICK = 0.05
_MIN_SOLVABLE = 0.10
_VOLATILITY_OF = {"NIFTY": 0.85, "SENSEX": 0.87, "BANKNIFTY": 1.08}
_SKEW = -0.4
_WINGS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ChainBlock:
    """A chain at m instants: figures of the underlying are (m,), of the options (m, n).

    Prices in INR, `volatility` a fraction a year (NaN where the price is too small to tell),
    quantities in units; NaN where there is no bid.
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
    volatility: Floats
    oi: NDArray[np.int64]
    volume: NDArray[np.int64]


_PER_CONTRACT = (
    *("ltp", "bid", "ask", "bid_quantity", "ask_quantity"),
    *("volatility", "oi", "volume"),
)


def chain_block(
    seed: int, key: str, expiry: date, day: date, second: NDArray[np.int64]
) -> ChainBlock:
    """The chain of an exchange key at those seconds after midnight (m,) of a day."""
    chain, paths = contracts(seed, key, expiry), day_paths(seed, day)
    flow = flows(seed, key, expiry, day)
    name = chain.exchange.underlying_symbol
    index = np.round(paths.index[name][second], 2)
    left = np.maximum((expiry - day).days * DAY_S + CLOSE_S - second, 0)
    volatility = smile(
        index, chain.strike, years_to_expiry(left), _at_the_money(paths.vix, second, name)
    )
    value, solvable = _values(chain, index, years_to_expiry(left), volatility)
    bid, ask, bid_quantity, ask_quantity = _book(chain, flow, value, second)
    oi = flow.oi[second // OI_STEP_S]
    return ChainBlock(
        contracts=chain,
        timestamp=np.datetime64(day, "us") + second.astype("timedelta64[s]"),
        seconds_to_expiry=left,
        underlying=index,
        future=_future(chain, index, left, paths.basis[name][second]),
        future_oi=oi[:, -1],
        vix=paths.vix[second],
        ltp=np.maximum(to_tick(value), TICK),
        bid=bid,
        ask=ask,
        bid_quantity=bid_quantity,
        ask_quantity=ask_quantity,
        volatility=np.where(solvable, volatility, np.nan),
        oi=oi[:, :-1],
        volume=_volume(chain, flow, second),
    )


def narrowed(block: ChainBlock, strikes: int) -> ChainBlock:
    """The block with the `strikes` listed strikes nearest to its first index value."""
    chain = block.contracts
    distance = np.abs(chain.strike - block.underlying[0])
    kept = np.sort(np.argsort(distance, kind="stable")[: 2 * strikes])
    contracts = replace(
        chain,
        strike=chain.strike[kept],
        is_call=chain.is_call[kept],
        token=chain.token[kept],
        symbol=tuple(chain.symbol[place] for place in kept),
    )
    columns = {name: getattr(block, name)[:, kept] for name in _PER_CONTRACT}
    return replace(block, contracts=contracts, **columns)


def smile(index: Floats, strike: Floats, years: Floats, at_the_money: Floats) -> Floats:
    """Volatility (m, n) of each strike, free of butterfly arbitrage.

    The SSVI surface with a power law of exponent ½ (J. Gatheral and A. Jacquier, "Arbitrage-free
    SVI volatility surfaces", Quantitative Finance 14, 2014; η² (1 + |ρ|) ≤ 4).
    """
    years = np.maximum(years, 1e-9)[:, None]
    variance = at_the_money[:, None] ** 2 * years
    log_moneyness = np.log(strike / index[:, None]) - RATE * years
    scaled = _WINGS / np.sqrt(variance) * log_moneyness
    root = np.sqrt((scaled + _SKEW) ** 2 + 1 - _SKEW**2)
    found: Floats = np.sqrt(variance / 2 * (1 + _SKEW * scaled + root) / years)
    return found


def to_tick(value: Floats) -> Floats:
    """Rounded to the exchange's price step of 0.05."""
    rounded: Floats = np.round(np.round(value / TICK) * TICK, 2)
    return rounded


def _at_the_money(vix: Floats, second: NDArray[np.int64], underlying: str) -> Floats:
    level: Floats = vix[second] / 100 * _VOLATILITY_OF[underlying]
    return level


def _values(
    chain: Contracts, index: Floats, years: Floats, volatility: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Values of all contracts, and which are large enough to tell a volatility.

    The out-of-the-money side of each strike is priced, the other follows by put–call parity.
    """
    strike, spot, t = chain.strike[::2], index[:, None], years[:, None]
    forward = spot - strike * np.exp(-RATE * t)
    otm = price(forward < 0, spot, strike, t, volatility[:, ::2])
    value = np.empty(volatility.shape)
    value[:, ::2] = otm + np.maximum(forward, 0)
    value[:, 1::2] = otm + np.maximum(-forward, 0)
    return value, np.repeat(otm >= _MIN_SOLVABLE, 2, axis=1)


def _book(
    chain: Contracts, flow: Flows, value: Floats, second: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Best bid and ask around the value with their quantities; wider for dear, deep contracts."""
    half = np.maximum(TICK, 0.0008 * value + 0.00003 * np.abs(chain.strike - chain.centre))
    bid = np.round(np.floor((value - half) / TICK) * TICK, 2)
    ask = np.round(np.ceil((value + half) / TICK) * TICK, 2)
    lot, minutes = chain.exchange.lot_size, len(flow.bustle)
    depth = 2 + 40 * np.exp(-np.abs(chain.strike - chain.centre) / chain.exchange.strike_step / 15)
    # any row of the day's bustle will do; these jump about from second to second
    bids = np.ceil(depth * flow.bustle[second * 37 % minutes]) * lot
    asks = np.ceil(depth * flow.bustle[(second * 53 + 11) % minutes]) * lot
    has_bid = bid >= TICK
    return np.where(has_bid, bid, np.nan), ask, np.where(has_bid, bids, np.nan), asks


def _volume(chain: Contracts, flow: Flows, second: NDArray[np.int64]) -> NDArray[np.int64]:
    minute, part = second // 60, (second % 60 / 60)[:, None]
    lot = chain.exchange.lot_size
    traded = flow.traded[minute] * (1 - part) + flow.traded[minute + 1] * part
    return (np.floor(traded / lot) * lot).astype(np.int64)


def _future(chain: Contracts, index: Floats, left: NDArray[np.int64], basis: Floats) -> Floats:
    """Fair value for its own expiry, a little off."""
    further = (chain.future_expiry - chain.expiry).days * DAY_S
    return to_tick(index * np.exp(RATE * years_to_expiry(left + further)) * (1 + basis))
