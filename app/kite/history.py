"""From the candles of its contracts to a chain's state at the end of each minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.kite.candles import Candles
from app.kite.listing import VIX_TOKEN, Listing
from db.market.clock import IST
from db.market.ticks import ChainSnapshot

SMALLEST_SHARE = 0.25
"""Of the contracts that traded on a day so many must have traded in a minute: with fewer the
broker's candles of it are not all there, and a chain made of what stood before would be invented.
"""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """One instrument at m moments: (m,), with whether a candle ended just then."""

    close: NDArray[np.float64]
    volume: NDArray[np.int64]
    oi: NDArray[np.int64]
    is_fresh: NDArray[np.bool_]


def chains(
    listing: Listing, candles: Mapping[int, Candles], minutes: Sequence[datetime]
) -> list[ChainSnapshot]:
    """The chain at the end of those minutes, ascending, as a feed would have shown it then.

    A contract that did not trade in a minute stands as it stood; one that has not traded on the
    day yet is left out, its OI being unknown. `volume` is counted from the day's opening on, so
    candles must begin there. Bids and asks are unknown. Minutes without enough candles are left
    out.
    """
    found: list[ChainSnapshot] = []
    for first, last in _days(minutes):
        found += _day(listing, candles, minutes[first:last])
    return found


def _days(minutes: Sequence[datetime]) -> list[tuple[int, int]]:
    days = [minute.astimezone(IST).date() for minute in minutes]
    starts = [n for n, day in enumerate(days) if n == 0 or day != days[n - 1]]
    return list(zip(starts, [*starts[1:], len(days)], strict=True))


def _day(
    listing: Listing, candles: Mapping[int, Candles], minutes: Sequence[datetime]
) -> list[ChainSnapshot]:
    at = np.array([int(minute.timestamp()) for minute in minutes], dtype=np.int64)
    midnight = minutes[0].astimezone(IST).replace(hour=0, minute=0, second=0, microsecond=0)
    day = (int(midnight.timestamp()), int((midnight + _DAY).timestamp()))
    states = [_state(candles.get(token), at, day) for token in listing.token.tolist()]
    legs = _State(
        *(np.stack([getattr(state, name) for state in states], axis=1) for name in _FIELDS)
    )
    future = listing.future.token if listing.future else None
    others = [
        _state(candles.get(token) if token is not None else None, at, day)
        for token in (listing.index_token, future, VIX_TOKEN)
    ]
    traded = legs.is_fresh.sum(axis=1)
    most = sum(_of_day(candles.get(token), day) is not None for token in listing.token.tolist())
    enough = (traded > 0) & (traded >= SMALLEST_SHARE * most)
    return [
        _snapshot(listing, minutes[n], legs, others, n) for n in np.flatnonzero(enough).tolist()
    ]


_FIELDS = ("close", "volume", "oi", "is_fresh")


def _of_day(candles: Candles | None, day: tuple[int, int]) -> slice | None:
    """Where the candles of a day stand; None without any."""
    if candles is None:
        return None
    first, last = (int(place) for place in np.searchsorted(candles.end, day, side="right"))
    return slice(first, last) if last > first else None


def _state(candles: Candles | None, at: NDArray[np.int64], day: tuple[int, int]) -> _State:
    """What the candles of a day make of those moments; unknown before the first one."""
    part = _of_day(candles, day)
    if candles is None or part is None:
        nothing = np.full(len(at), -1, dtype=np.int64)
        return _State(np.full(len(at), np.nan), nothing, nothing, np.zeros(len(at), np.bool_))
    end = candles.end[part]
    place = np.searchsorted(end, at, side="right") - 1
    is_known, there = place >= 0, np.maximum(place, 0)
    volume = candles.volume[part].cumsum()
    return _State(
        close=np.where(is_known, candles.close[part][there], np.nan),
        volume=np.where(is_known, volume[there], -1),
        oi=np.where(is_known, candles.oi[part][there], -1),
        is_fresh=is_known & (end[there] == at),
    )


def _snapshot(
    listing: Listing, at: datetime, legs: _State, others: Sequence[_State], n: int
) -> ChainSnapshot:
    index, future, vix = others
    future_oi = int(future.oi[n])
    unknown = np.full(len(listing), np.nan)
    whole = listing.columns(
        oi=legs.oi[n],
        ltp=legs.close[n],
        volume=legs.volume[n],
        best_bid=unknown,
        best_ask=unknown,
        bid_quantity=unknown,
        ask_quantity=unknown,
    )
    return ChainSnapshot(
        exchange=listing.exchange.key,
        timestamp=at,
        options=whole.chosen(legs.volume[n] >= 0),
        underlying_price=_known(index.close[n]),
        future_price=_known(future.close[n]),
        future_oi=None if future_oi < 0 else future_oi,
        future_symbol=listing.future.symbol if listing.future else None,
        vix=_known(vix.close[n]),
    )


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
