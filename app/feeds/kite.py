"""The ticker of the broker as a live feed: chains off the board, by the exchange's own time."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.kite.board import Board
from app.kite.listing import VIX_TOKEN, Listing
from app.kite.subscriptions import Subscriptions
from db.errors import OIError
from db.market.clock import IST, market_now
from db.market.ticks import ChainSnapshot, OptionColumns, Source

_LOG = logging.getLogger("oi.kite")
TOO_OLD_S = 60.0
"""A chain whose newest packet is older than this is no news: what comes on subscribing, for one."""

BEYOND_BOUNDS = "price beyond what exercise could ever pay"
_RETRY_S = 30.0


class Listings(Protocol):
    """Where the chains of a moment come from."""

    def at(self, moment: datetime) -> Mapping[str, Listing]:
        """The chain of each exchange key; raises OIError while they cannot be had."""
        ...


@dataclass(slots=True, eq=False)
class _Watched:
    """A chain with where its instruments stand on a board."""

    listing: Listing
    board: Board
    legs: NDArray[np.intp]
    index: int
    vix: int
    future: int
    newest: int = 0


class KiteFeed:
    """Chains of all exchange keys once an interval, each only when the exchange has said more.

    The packet that comes on subscribing, at any hour, is as old as its own time says: it makes
    nothing live.
    """

    live = True
    source: Source = "live"

    def __init__(
        self,
        subscriptions: Subscriptions,
        listings: Listings,
        *,
        interval_s: float = 1.0,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self.rejected: Counter[str] = Counter()
        self._subscriptions = subscriptions
        self._listings = listings
        self._interval_s = interval_s
        self._now = now
        self._closed = threading.Event()
        self._watched: dict[str, _Watched] = {}

    def batches(self) -> Iterator[ChainSnapshot]:
        """What is new of each chain, then a pause to the next interval, until closed."""
        pause_s = self._interval_s
        while not self._closed.wait(pause_s):
            now = self._now()
            try:
                self._follow(self._listings.at(now))
            except OIError as error:
                _LOG.warning("%s Trying again.", error)
                pause_s = _RETRY_S
                continue
            pause_s = self._interval_s
            for watched in self._watched.values():
                chain = self._chain(watched, now)
                if chain is not None:
                    yield chain

    def reconnect(self) -> None:
        """Have every connection to the ticker made anew; they come back by themselves."""
        self._subscriptions.reconnect()

    def close(self) -> None:
        """End before the next interval, and hang up."""
        self._closed.set()
        self._subscriptions.close()

    def _follow(self, listings: Mapping[str, Listing]) -> None:
        """Subscribe what is listed now; nothing changes while the listings are the same."""
        for key in [key for key in self._watched if key not in listings]:
            del self._watched[key]
            self._subscriptions.follow(key, ())
        for key, listing in listings.items():
            known = self._watched.get(key)
            if known is None or known.listing is not listing:
                self._subscriptions.follow(key, listing.followed())
                self._watched[key] = self._placed(listing)

    def _placed(self, listing: Listing) -> _Watched:
        board = self._subscriptions.shared.board
        future = listing.future.token if listing.future else 0
        others = board.places(np.array([listing.index_token or 0, VIX_TOKEN, future]))
        index, vix, near = (int(place) for place in others)
        return _Watched(listing, board, board.places(listing.token), index, vix, near)

    def _chain(self, watched: _Watched, now: datetime) -> ChainSnapshot | None:
        shared = self._subscriptions.shared
        if watched.board is not shared.board:
            newest = watched.newest
            watched = self._watched[watched.listing.exchange.key] = self._placed(watched.listing)
            watched.newest = newest
        with shared.lock:
            newest = int(watched.board.exchange_time[watched.legs].max(initial=0))
            if newest <= watched.newest or now.timestamp() - newest > TOO_OLD_S:
                return None
            watched.newest = newest
            return self._read(watched, datetime.fromtimestamp(newest, IST))

    def _read(self, watched: _Watched, at: datetime) -> ChainSnapshot:
        """The chain as it stands on the board; the caller holds its lock."""
        board, listing = watched.board, watched.listing
        underlying = _of(board.last_price, watched.index)
        future = _of(board.last_price, watched.future)
        ltp = board.last_price[watched.legs]
        absurd = _beyond(listing, ltp, underlying or future)
        future_oi = int(board.oi[watched.future]) if watched.future >= 0 else -1
        return ChainSnapshot(
            exchange=listing.exchange.key,
            timestamp=at,
            options=OptionColumns(
                strike=listing.strike,
                option_type=listing.option_type,
                symbol=listing.symbol,
                token=listing.token,
                expiry=np.full(len(listing), np.datetime64(listing.expiry, "D")),
                oi=board.oi[watched.legs],
                ltp=np.where(absurd, np.nan, ltp),
                volume=board.volume[watched.legs],
                best_bid=board.bid[watched.legs],
                best_ask=board.ask[watched.legs],
                bid_quantity=board.bid_quantity[watched.legs],
                ask_quantity=board.ask_quantity[watched.legs],
            ),
            underlying_price=underlying,
            future_price=future,
            future_oi=None if future_oi < 0 else future_oi,
            future_symbol=listing.future.symbol if listing.future else None,
            vix=_of(board.last_price, watched.vix),
            rejected=(BEYOND_BOUNDS,) * int(absurd.sum()),
        )


def _of(values: NDArray[np.float64], place: int) -> float | None:
    """One figure of the board; None where it is unknown or not followed."""
    if place < 0 or np.isnan(values[place]):
        return None
    return float(values[place])


def _beyond(
    listing: Listing, ltp: NDArray[np.float64], underlying: float | None
) -> NDArray[np.bool_]:
    """Prices no contract can have: a call's above the underlying, a put's above its strike.

    The feed has been seen to put an index's value into an option's packet.
    """
    if underlying is None:
        return np.zeros(len(ltp), dtype=np.bool_)
    most = np.where(listing.option_type == b"CE", underlying, listing.strike)
    with np.errstate(invalid="ignore"):
        beyond: NDArray[np.bool_] = ltp > most
    return beyond
