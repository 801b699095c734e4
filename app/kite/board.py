"""The newest state of every subscribed instrument, as arrays that frames are decoded into.

A packet is decoded by its length, into the places of its token. Missing is not zero: a packet that
holds no OI leaves the OI that is known, a price of 0 is none. Nothing goes back in exchange time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from app.kite import packets

UNKNOWN_TOKEN = "instrument that was not subscribed"  # noqa: S105 - a reason, nothing secret
UNKNOWN_LENGTH = "packet of unknown length"
CUT_FRAME = "frame that ends within a packet"
WRONG_COUNT = "frame that holds another number of packets than it says"
OLDER = "older than what is known"
AHEAD = "dated in the future"

LATEST = 2**32 - 1
"""The last moment that a packet can name."""

_NO_TIME = 0
_DATED = (packets.FULL, packets.INDEX_FULL)
_HEADER = 2
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(slots=True)
class Decoded:
    """What one frame brought: packets taken in, those of traded instruments, why others not."""

    taken: int = 0
    traded: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def count(self, reason: str, times: int) -> None:
        if times:
            self.refused[reason] += times


class Board:
    """Arrays (tokens,) in the order of `token`, which ascends; NaN and −1 are unknown.

    Prices in INR, quantities in units; `exchange_time` in epoch seconds, 0 before the first packet
    that has one; `price_time` that of the last price there was, `oi_time` that of the last change
    of OI.
    """

    def __init__(self, tokens: Sequence[int] = ()) -> None:
        self.token = np.unique(np.asarray(tokens, dtype=np.uint32))
        size = len(self.token)
        self._divisor = packets.divisors(self.token)
        self._is_traded = ~packets.is_index(self.token)
        self.last_price: Floats = np.full(size, np.nan)
        self.close: Floats = np.full(size, np.nan)
        self.bid: Floats = np.full(size, np.nan)
        self.ask: Floats = np.full(size, np.nan)
        self.bid_quantity: Floats = np.full(size, np.nan)
        self.ask_quantity: Floats = np.full(size, np.nan)
        self.volume: Integers = np.full(size, -1, dtype=np.int64)
        self.oi: Integers = np.full(size, -1, dtype=np.int64)
        self.exchange_time: Integers = np.full(size, _NO_TIME, dtype=np.int64)
        self.price_time: Integers = np.full(size, _NO_TIME, dtype=np.int64)
        self.oi_time: Integers = np.full(size, _NO_TIME, dtype=np.int64)

    def with_tokens(self, tokens: Sequence[int]) -> "Board":
        """A board of other tokens that knows what this one knows of those they share."""
        board = Board(tokens)
        _, mine, theirs = np.intersect1d(self.token, board.token, return_indices=True)
        for name in _STATE:
            getattr(board, name)[theirs] = getattr(self, name)[mine]
        return board

    def places(self, tokens: NDArray[np.integer]) -> NDArray[np.intp]:
        """Where these tokens stand; −1 for those that are not here."""
        if not len(self.token):
            return np.full(len(tokens), -1, dtype=np.intp)
        found = np.minimum(np.searchsorted(self.token, tokens), len(self.token) - 1)
        return np.where(self.token[found] == tokens, found, -1).astype(np.intp)

    def decode(self, frame: bytes, latest: int = LATEST) -> Decoded:
        """Take in one binary frame; what it cannot be read for is counted, the rest is used.

        A packet dated after `latest` (epoch seconds) is refused: its instrument would stand still
        until that moment comes.
        """
        decoded = Decoded()
        if len(frame) <= packets.HEARTBEAT_BYTES:
            return decoded
        for length, offsets in _by_length(frame, decoded):
            layout = packets.LAYOUTS.get(length)
            if layout is None:
                decoded.count(UNKNOWN_LENGTH, len(offsets))
                continue
            self._take(_records(frame, offsets, layout), length, latest, decoded)
        return decoded

    def _take(self, rows: "NDArray[np.void]", length: int, latest: int, decoded: Decoded) -> None:
        places = self.places(rows["token"])
        known = places >= 0
        decoded.count(UNKNOWN_TOKEN, int((~known).sum()))
        if not known.all():
            rows, places = rows[known], places[known]
        if length in _DATED:
            sane = rows["exchange_time"] <= latest
            decoded.count(AHEAD, int((~sane).sum()))
            rows, places = rows[sane], places[sane]
        for part in _without_repeats(places):
            self._put(rows[part], places[part], length, decoded)

    def _put(
        self, rows: "NDArray[np.void]", places: NDArray[np.intp], length: int, decoded: Decoded
    ) -> None:
        """Rows of one kind, each of another instrument."""
        if length in _DATED:
            stamp = rows["exchange_time"].astype(np.int64)
            fresh = stamp >= self.exchange_time[places]
            decoded.count(OLDER, int((~fresh).sum()))
            rows, places, stamp = rows[fresh], places[fresh], stamp[fresh]
            self.exchange_time[places] = stamp
        divisor = self._divisor[places]
        price = _price(rows["last_price"], divisor)
        _set_known(self.last_price, places, price)
        priced = places[~np.isnan(price)]
        self.price_time[priced] = self.exchange_time[priced]
        if length != packets.LTP:
            _set_known(self.close, places, _price(rows["close"], divisor))
        if length in (packets.QUOTE, packets.FULL):
            self.volume[places] = rows["volume"]
        if length == packets.FULL:
            self._put_depth(rows, places, divisor)
            self._put_oi(rows["oi"].astype(np.int64), places)
        decoded.taken += len(rows)
        decoded.traded += int(self._is_traded[places].sum())

    def _put_depth(
        self, rows: "NDArray[np.void]", places: NDArray[np.intp], divisor: Floats
    ) -> None:
        for side, price, quantity in (
            ("bids", self.bid, self.bid_quantity),
            ("asks", self.ask, self.ask_quantity),
        ):
            best = rows[side][:, 0]
            price[places] = _price(best["price"], divisor)
            offered = best["quantity"].astype(np.float64)
            quantity[places] = np.where(np.isnan(price[places]), np.nan, offered)

    def _put_oi(self, oi: Integers, places: NDArray[np.intp]) -> None:
        changed = oi != self.oi[places]
        self.oi[places] = oi
        moved = places[changed]
        self.oi_time[moved] = self.exchange_time[moved]


_STATE = (
    *("last_price", "close", "bid", "ask", "bid_quantity", "ask_quantity"),
    *("volume", "oi", "exchange_time", "price_time", "oi_time"),
)


def _by_length(frame: bytes, decoded: Decoded) -> Iterator[tuple[int, Sequence[int]]]:
    """(length, offsets) of a frame's packets; first of all the common case of one length."""
    said = int.from_bytes(frame[:_HEADER], "big")
    length = int.from_bytes(frame[_HEADER : 2 * _HEADER], "big")
    stride = length + _HEADER
    if said and len(frame) == _HEADER + said * stride:
        lengths = np.ndarray((said,), ">u2", frame, _HEADER, (stride,))
        if (lengths == length).all():
            yield length, range(2 * _HEADER, len(frame), stride)
            return
    yield from _walked(frame, said, decoded)


def _walked(frame: bytes, said: int, decoded: Decoded) -> Iterator[tuple[int, list[int]]]:
    found: list[tuple[int, int]] = []
    at = _HEADER
    while at < len(frame):
        length = int.from_bytes(frame[at : at + _HEADER], "big")
        at += _HEADER
        if at + length > len(frame) or not length:
            decoded.count(CUT_FRAME, 1)
            break
        found.append((length, at))
        at += length
    else:
        decoded.count(WRONG_COUNT, int(len(found) != said))
    # packets of one kind keep their order; kinds come by length, those that know the time last
    found.sort(key=lambda packet: packet[0])
    for length, group in groupby(found, key=lambda packet: packet[0]):
        yield length, [offset for _, offset in group]


def _records(
    frame: bytes, offsets: Sequence[int], layout: "np.dtype[np.void]"
) -> "NDArray[np.void]":
    """The packets at these offsets as records, without a copy where they stand evenly."""
    if isinstance(offsets, range):
        return np.ndarray((len(offsets),), layout, frame, offsets.start, (offsets.step,))
    data = np.frombuffer(frame, np.uint8)
    places = np.asarray(offsets, dtype=np.intp)[:, None] + np.arange(layout.itemsize)
    rows: NDArray[np.void] = np.ascontiguousarray(data[places]).view(layout)[:, 0]
    return rows


def _without_repeats(places: NDArray[np.intp]) -> Iterator["slice | NDArray[np.intp]"]:
    """Parts in which no place stands twice, in order; nearly always everything at once."""
    if len(np.unique(places)) == len(places):
        yield slice(None)
        return
    rest = np.arange(len(places))
    while len(rest):
        _, first = np.unique(places[rest], return_index=True)
        first.sort()
        yield rest[first]
        rest = np.delete(rest, first)


def _price(raw: NDArray[np.integer], divisor: Floats) -> Floats:
    """INR; NaN for 0, which is how the feed says that there is none."""
    value = raw.astype(np.float64) / divisor
    return np.where(raw > 0, value, np.nan)


def _set_known(target: Floats, places: NDArray[np.intp], values: Floats) -> None:
    known = ~np.isnan(values)
    target[places[known]] = values[known]
