"""When each contract of a simulated chain traded last, and what a trade and the book show."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from app.feeds.simulate.contracts import Contracts
from app.feeds.simulate.flows import Flows, paces
from app.feeds.simulate.noise import SIZE, code, noise, place
from app.feeds.simulate.paths import DAY_S, session_seconds
from app.feeds.simulate.surface import Seconds, Singles, Surface

TICKS_PER_RUPEE = 20
"""Prices move by 0.05 INR."""

_HALF_SHARE, _HALF_PER_POINT, _LEAST_HALF = 0.0008, 0.00003, 0.6
_NIGHT_WAITS = 5
_SLOT_WAITS = 3
# added to the power of two of a contract's wait, drawn anew each few trades
_RHYTHMS = (-1, 0, 0, 0, 1, 1, 2, 3)
_DRAWS = 1 << 12


@dataclass(frozen=True, slots=True, eq=False)
class Clockwork:
    """The contracts (n,) as their trades need them: `start` is where their randomness begins and
    by how many seconds their trades are off the others', `half` half of the spread in ticks that
    distance adds, `depth` the lots that wait at the best price on average.
    """

    start: NDArray[np.int64]
    half: Singles
    depth: Singles


def clockwork(chain: Contracts, day: date) -> Clockwork:
    """What is the same at all instants of a day."""
    start = place(code(chain.code, day.toordinal(), 11))
    off = np.abs(chain.strike - chain.centre)
    depth = 2 + 40 * np.exp(-off / chain.exchange.strike_step / 15)
    return Clockwork(
        start=start,
        half=(_HALF_PER_POINT * TICKS_PER_RUPEE * off).astype(np.float32),
        depth=depth.astype(np.float32),
    )


def last_trades(works: Clockwork, flow: Flows, day: date, second: Seconds) -> Seconds:
    """Seconds after midnight (m, n) of each contract's newest trade at seconds (m,); at least 0.

    A contract trades at the multiples of a power of two of seconds, another one each few trades: so
    at every instant the trade before it is known without those between.
    """
    open_now = session_seconds(day)
    if open_now is None:
        return _traded(works, flow.wait + _NIGHT_WAITS, second[:, None])
    shut = (second < open_now.start) | (second >= open_now.stop)
    if not shut.any():
        return _traded(works, flow.wait, second[:, None])
    found = np.empty((len(second), len(flow.wait)), dtype=np.int64)
    found[~shut] = _traded(works, flow.wait, second[~shut, None])
    found[shut] = _traded(works, flow.wait + _NIGHT_WAITS, second[shut, None])
    # what traded in the session's last moments stays the newest trade for a while
    late = second >= open_now.stop
    closing = _traded(works, flow.wait, np.array([[open_now.stop - 1]]))
    found[late] = np.maximum(found[late], closing)
    return found


def _traded(works: Clockwork, wait: NDArray[np.int64], second: Seconds) -> Seconds:
    moved = second + works.start
    draw = moved >> (wait + _SLOT_WAITS)
    draw += works.start
    draw &= _DRAWS - 1
    power = np.take(_draws()[0], draw)
    power += wait
    np.maximum(power, 0, out=power)
    moved >>= power
    moved <<= power
    moved -= works.start
    np.maximum(moved, 0, out=moved)
    return moved


@lru_cache(maxsize=1)
def _draws() -> tuple[Seconds, Singles]:
    """Rhythms of trades, and −1 or 1 for trades at the bid or the ask; the same for all seeds."""
    rng = np.random.default_rng(5)
    sides = rng.choice(np.array([-1, 1], dtype=np.float32), _DRAWS)
    return np.array(_RHYTHMS)[rng.integers(0, len(_RHYTHMS), _DRAWS)], sides


def traded_ticks(works: Clockwork, model: Surface, trade: Seconds) -> Singles:
    """Price in ticks (m, n) of trades at those seconds: the bid or the ask of that moment."""
    value = model.value(trade)
    value *= TICKS_PER_RUPEE
    half = _half(works, value)
    side = _draws()[1][(trade * 7 + works.start) & (_DRAWS - 1)]
    # where nobody bids a trade is at the ask
    np.copyto(side, np.float32(1), where=value - half < 1)
    value *= side
    value += half
    np.ceil(value, out=value)
    value *= side
    return value


def quoted_ticks(works: Clockwork, model: Surface, second: Seconds) -> tuple[Singles, Singles]:
    """Best bid and ask in ticks (m, n) at seconds (m,); a bid below 1 is none."""
    value = model.value(second[:, None])
    value *= TICKS_PER_RUPEE
    half = _half(works, value)
    bid = np.floor(value - half)
    value += half
    return bid, np.ceil(value, out=value)


def _half(works: Clockwork, value: Singles) -> Singles:
    """Half the spread in ticks: wider for dear contracts and for deep ones."""
    half = value * np.float32(_HALF_SHARE)
    half += works.half
    np.maximum(half, np.float32(_LEAST_HALF), out=half)
    return half


def quantities(
    seed: int, works: Clockwork, lot: int, second: Seconds, salt: int, out: Floats
) -> None:
    """Units waiting at the best price (m, n), anew at each second; at least a lot."""
    start = works.start + salt
    drawn = np.take(noise(seed).waits, (second[:, None] * 37 + start) & (SIZE - 1))
    drawn *= works.depth
    np.ceil(drawn, out=drawn)
    np.multiply(np.maximum(drawn, 1, out=drawn), lot, out=out, dtype=np.float64)


def volume(
    seed: int, flow: Flows, lot: int, day: date, trade: Seconds, out: NDArray[np.int64]
) -> None:
    """Units traded since midnight (m, n) up to those trades."""
    passed = np.take(paces(seed, day), trade + flow.pace * DAY_S)
    passed *= flow.lots
    np.floor(passed, out=passed)
    passed *= lot
    out[...] = passed
