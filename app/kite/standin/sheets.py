"""The simulated market as the broker counts it: columns of tokens, prices in paise."""

from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.feeds.simulate.chain import chain_block
from app.feeds.simulate.contracts import contracts

Ints = NDArray[np.int64]

FUTURE, INDEX, VIX = 0, 1, 2
"""Columns behind those of the contracts, counted from the last contract."""
_BEHIND = 3

_FUTURE_SHARE = 50  # a future trades so many times less than all its options together
_FUTURE_SPREAD = 10
_FUTURE_DEPTH = 500
_MINUTE_S = 60
_FINE, _COARSE = (0, 20, 40, 59), (0, 59)
_LONG_DAY_S = 12 * 3600


@dataclass(frozen=True, slots=True)
class Chain:
    """The contracts of an exchange key that expire on one day."""

    key: str
    expiry: date


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A chain at m instants: (m, n + 3), its n contracts, then future, index and VIX.

    Whatever the day, contracts stand in the columns that `contracts` gives them. Prices in paise,
    quantities in units; 0 where there is none, as the broker writes it.
    """

    price: Ints
    oi: Ints
    volume: Ints
    bid: Ints
    ask: Ints
    bid_quantity: Ints
    ask_quantity: Ints

    def row(self, place: int) -> "Sheet":
        """One of the instants, as a sheet of one."""
        return Sheet(**{each.name: getattr(self, each.name)[place, None] for each in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A day of a chain by the minute: (minutes, n + 3); `first` is the first second of the day."""

    first: int
    open: NDArray[np.int32]
    high: NDArray[np.int32]
    low: NDArray[np.int32]
    close: NDArray[np.int32]
    volume: NDArray[np.int32]
    oi: NDArray[np.int32]


def sheet(seed: int, chain: Chain, day: date, seconds: Ints) -> Sheet:
    """The chain at those seconds after midnight (m,) of a day."""
    block = chain_block(seed, chain.key, chain.expiry, day, seconds)
    everything = contracts(seed, chain.key, chain.expiry).token
    columns = _Columns(len(everything), _places(everything, block.contracts.token))
    future = paise(block.future)
    volume = np.maximum(block.volume, 0)
    deep = np.full_like(future, _FUTURE_DEPTH)
    return Sheet(
        price=columns.of(paise(block.ltp), future, paise(block.underlying), paise(block.vix)),
        oi=columns.of(np.maximum(block.oi, 0), block.future_oi),
        volume=columns.of(volume, volume.sum(axis=1) // _FUTURE_SHARE),
        bid=columns.of(paise(block.bid), future - _FUTURE_SPREAD),
        ask=columns.of(paise(block.ask), future + _FUTURE_SPREAD),
        bid_quantity=columns.of(_whole(block.bid_quantity), deep),
        ask_quantity=columns.of(_whole(block.ask_quantity), deep),
    )


@lru_cache(maxsize=24)
def bars(seed: int, chain: Chain, day: date, span: range) -> Bars:
    """The minutes of a span of seconds; each opens and closes with its first and last second."""
    offsets = np.array(_COARSE if len(span) > _LONG_DAY_S else _FINE)
    starts = np.arange(span.start, span.stop, _MINUTE_S)
    found = sheet(seed, chain, day, (starts[:, None] + offsets).ravel())
    price = found.price.reshape(len(starts), len(offsets), -1)
    volume = found.volume[len(offsets) - 1 :: len(offsets)]
    return Bars(
        first=span.start,
        open=price[:, 0].astype(np.int32),
        high=price.max(axis=1).astype(np.int32),
        low=price.min(axis=1).astype(np.int32),
        close=price[:, -1].astype(np.int32),
        volume=np.diff(volume, axis=0, prepend=0).astype(np.int32),
        oi=found.oi[len(offsets) - 1 :: len(offsets)].astype(np.int32),
    )


def tokens_on(seed: int, chain: Chain, day: date) -> frozenset[int]:
    """The contracts of the chain that are listed on a day."""
    block = chain_block(seed, chain.key, chain.expiry, day, np.zeros(1, np.int64))
    return frozenset(block.contracts.token.tolist())


def paise(price: "NDArray[np.float64]") -> Ints:
    """Prices in rupees as the broker sends them; 0 for an unknown one."""
    return np.rint(np.nan_to_num(price) * 100).astype(np.int64)


def _whole(quantity: "NDArray[np.float64]") -> Ints:
    return np.nan_to_num(quantity).astype(np.int64)


def _places(everything: Ints, tokens: Ints) -> Ints:
    """Where tokens stand among all that the chain ever lists."""
    order = np.argsort(everything)
    found: Ints = order[np.searchsorted(everything, tokens, sorter=order)]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Puts a day's columns where they stand among all `width` contracts."""

    width: int
    places: Ints

    def of(self, options: Ints, *behind: Ints) -> Ints:
        """(m, width + 3): a column each for what stands behind the contracts, else zeros."""
        found = np.zeros((len(options), self.width + _BEHIND), np.int64)
        found[:, self.places] = options
        for number, column in enumerate(behind):
            found[:, self.width + number] = column
        return found
