"""The ticker of the broker as a live feed: chains off the board, by the exchange's own time."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.feeds.base import FeedState, Rejections
from app.feeds.broker_states import broker_state, trading_state
from app.kite.board import Board
from app.kite.listing import VIX_TOKEN, Listing
from app.kite.subscriptions import Subscriptions, TooManyInstrumentsError
from db.errors import OIError
from db.market.calendar import Instrument
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES
from db.market.ticks import CALL, ChainSnapshot, Source
from db.market.trading import may_trade

_LOG = logging.getLogger("oi.kite")
TOO_OLD_S = 60
"""A chain whose newest packet is older than this is no news: what comes on subscribing, for one."""

BEYOND_BOUNDS = "price beyond what exercise could ever pay"
_SETTLE_S, _BURSTS = 0.02, 5
_AWAKE = 0.1


class Listings(Protocol):
    """Where the chains of a moment come from."""

    def at(self, moment: datetime) -> Mapping[str, Listing]:
        """The chain of each exchange key; raises OIError while they cannot be had."""
        ...


@dataclass(slots=True, eq=False)
class _Watched:
    """A chain with where its instruments stand on a board; `whole` lists all its strikes."""

    whole: Listing
    listing: Listing
    board: Board
    legs: NDArray[np.intp]
    index: int
    vix: int
    future: int
    newest: int = 0


class KiteFeed:
    """Chains of all exchange keys once an interval, each only when the exchange has said more.

    A chain is read right after ticks have come. The packet that comes on subscribing, at any hour,
    is as old as its own time says: it makes nothing live.
    """

    live = True

    def __init__(
        self,
        subscriptions: Subscriptions,
        listings: Listings,
        *,
        source: Source = "live",
        interval_s: float = 1.0,
        keys: Iterable[str] = EXCHANGES,
        login_problem: Callable[[], str | None] = lambda: None,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self.source: Source = source
        self._keys = tuple(keys)
        self._login_problem = login_problem
        self.rejected = Rejections()
        self._subscriptions = subscriptions
        self._listings = listings
        self._interval_s = interval_s
        self._now = now
        self._closed = threading.Event()
        self._watched: dict[str, _Watched] = {}
        self._refused: dict[str, Listing] = {}
        self._trouble: OIError | None = None

    def batches(self) -> Iterator[ChainSnapshot]:
        """What is new of each chain, then a pause to the next interval, until closed."""
        while not self._closed.is_set():
            began = time.monotonic()
            now = self._now()
            self._follow_what_is_listed(now)
            for watched in list(self._watched.values()):
                chain = self._chain(watched, now)
                if chain is not None:
                    yield chain
            self._pause(began)

    def followed(self) -> Mapping[str, Listing]:
        """The contracts of each chain that is followed now; may be asked by any thread."""
        return {key: watched.listing for key, watched in self._watched.copy().items()}

    def states(self) -> Mapping[str, FeedState]:
        """The same of all keys but those that are more than the ticker carries."""
        problem = self._login_problem()
        found = broker_state(self._subscriptions.state, self._trouble, problem)
        if found is None:
            is_live = self.source == "live"
            found = trading_state(self._now()) if is_live else FeedState(self.source)
        return {key: found for key in self._keys if key not in self._refused}

    def reconnect(self) -> None:
        """Have every connection to the ticker made anew; they come back by themselves."""
        self._subscriptions.reconnect()

    def close(self) -> None:
        """End before the next interval, and hang up."""
        if not self._closed.is_set():
            self._closed.set()
            self._subscriptions.close()
            self.rejected.update(self._subscriptions.shared.figures.refused)

    def _pause(self, began: float) -> None:
        """Until most of the interval has passed, ticks have come then, and their burst is over."""
        passed_s = time.monotonic() - began
        self._closed.wait(max(0.0, (1 - _AWAKE) * self._interval_s - passed_s))
        shared = self._subscriptions.shared
        packets = shared.figures.packets
        latest = shared.wait_for_news(packets, 2 * _AWAKE * self._interval_s)
        for _ in range(_BURSTS):
            packets, latest = latest, shared.wait_for_news(latest, _SETTLE_S)
            if packets == latest:
                return

    def _follow_what_is_listed(self, now: datetime) -> None:
        try:
            self._follow(self._listings.at(now))
            self._trouble = None
        except OIError as error:
            # asked each interval, said once
            if str(error) != str(self._trouble):
                _LOG.warning("%s", error)
            self._trouble = error

    def _follow(self, listings: Mapping[str, Listing]) -> None:
        """Subscribe what is listed now; nothing changes while the listings are the same."""
        for key in [key for key in self._watched if key not in listings]:
            del self._watched[key]
            self._subscriptions.follow(key, ())
        for key, whole in listings.items():
            known = self._watched.get(key)
            if self._refused.get(key) is whole:
                continue
            if known is None or known.whole is not whole or self._has_moved(known):
                self._begin(key, whole)

    def _begin(self, key: str, whole: Listing) -> None:
        """Follow a chain that is new, or another part of one."""
        near = self._level(whole)
        listing = whole.around(near)
        try:
            self._subscriptions.follow(key, listing.followed(near))
        except TooManyInstrumentsError as error:
            self._refused[key] = whole
            _LOG.error("%s is not followed: %s", key, error)
            return
        newest = self._watched[key].newest if key in self._watched else 0
        is_same_chain = newest and self._watched[key].whole is whole
        self._watched[key] = self._placed(whole, listing, newest if is_same_chain else 0)

    def _has_moved(self, watched: _Watched) -> bool:
        """Whether a chain of some strikes is to follow others, the money having moved on."""
        if watched.listing is watched.whole:
            return False
        near = self._level(watched.whole)
        if not watched.listing.is_off(near):
            return False
        return not np.array_equal(watched.whole.around(near).token, watched.listing.token)

    def _level(self, listing: Listing) -> float | None:
        """Where the underlying stands by the board, as far as that is known."""
        shared = self._subscriptions.shared
        tokens = (listing.index_token or 0, listing.future.token if listing.future else 0)
        with shared.lock:
            places = shared.board.places(np.array(tokens))
            index, future = (_of(shared.board.last_price, int(place)) for place in places)
        return index or future

    def _placed(self, whole: Listing, listing: Listing, newest: int) -> _Watched:
        board = self._subscriptions.shared.board
        future = listing.future.token if listing.future else 0
        others = board.places(np.array([listing.index_token or 0, VIX_TOKEN, future]))
        index, vix, near = (int(place) for place in others)
        return _Watched(
            whole, listing, board, board.places(listing.token), index, vix, near, newest
        )

    def _chain(self, watched: _Watched, now: datetime) -> ChainSnapshot | None:
        shared = self._subscriptions.shared
        if watched.board is not shared.board:
            watched = self._placed(watched.whole, watched.listing, watched.newest)
            self._watched[watched.listing.exchange.key] = watched
        with shared.lock:
            newest = int(watched.board.exchange_time[watched.legs].max(initial=0))
            if newest <= watched.newest or now.timestamp() - newest > TOO_OLD_S:
                return None
            watched.newest = newest
            return self._read(watched, datetime.fromtimestamp(newest, IST))

    def _read(self, watched: _Watched, at: datetime) -> ChainSnapshot:
        """The chain as it stands on the board; the caller holds its lock."""
        board, listing = watched.board, watched.listing
        underlying = _index_price(board, watched.index, at)
        future = _of(board.last_price, watched.future)
        ltp = board.last_price[watched.legs]
        absurd = _beyond(listing, ltp, underlying or future)
        future_oi = int(board.oi[watched.future]) if watched.future >= 0 else -1
        return ChainSnapshot(
            exchange=listing.exchange.key,
            timestamp=at,
            options=listing.columns(
                oi=board.oi[watched.legs],
                ltp=np.where(absurd, np.nan, ltp),
                volume=board.volume[watched.legs],
                best_bid=board.bid[watched.legs],
                best_ask=board.ask[watched.legs],
                bid_quantity=board.bid_quantity[watched.legs],
                ask_quantity=board.ask_quantity[watched.legs],
            ),
            underlying_price=underlying,
            underlying_at=_told_at(board, watched.index) if underlying is not None else None,
            future_price=future,
            future_oi=None if future_oi < 0 else future_oi,
            future_symbol=listing.future.symbol if listing.future else None,
            vix=_of(board.last_price, watched.vix),
            lot_size=listing.lot_size or None,
            rejected=(BEYOND_BOUNDS,) * int(absurd.sum()),
        )


def _of(values: NDArray[np.float64], place: int) -> float | None:
    """One figure of the board; None where it is unknown or not followed."""
    if place < 0 or np.isnan(values[place]):
        return None
    return float(values[place])


def _told_at(board: Board, place: int) -> datetime | None:
    """The exchange's time of an instrument's last price; None where no packet had one."""
    at = int(board.price_time[place])
    return datetime.fromtimestamp(at, IST) if at else None


def _index_price(board: Board, place: int, at: datetime) -> float | None:
    """The index; None where it has had no price for a minute though it should be computed.

    An index that stands still in its auction is known: that is its last price.
    """
    price = _of(board.last_price, place)
    if price is None:
        return None
    is_late = at.timestamp() - board.price_time[place] > TOO_OLD_S
    return None if is_late and may_trade(at, Instrument.INDEX) else price


def _beyond(
    listing: Listing, ltp: NDArray[np.float64], underlying: float | None
) -> NDArray[np.bool_]:
    """Prices no contract can have; the feed has been seen to put an index's into an option's.

    A call is worth less than the underlying and a put less than its strike; and what either is
    worth beyond exercise stays below half of the underlying, whatever the volatility.
    """
    nobody = np.zeros(len(ltp), dtype=np.bool_)
    if underlying is None:
        return nobody
    is_call = listing.option_type == CALL
    exercise = np.maximum(np.where(is_call, 1, -1) * (underlying - listing.strike), 0)
    most = np.minimum(np.where(is_call, underlying, listing.strike), exercise + underlying / 2)
    with np.errstate(invalid="ignore"):
        beyond: NDArray[np.bool_] = ltp >= most
    # where most of a chain makes no sense it is the underlying that does not
    return nobody if beyond.mean() > 0.5 else beyond
