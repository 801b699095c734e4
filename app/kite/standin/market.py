"""The stand-in's market: what each listed token shows at a moment, and its minutes before."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.feeds.simulate.feed import DEFAULT_SEED
from app.feeds.simulate.paths import second_of_day
from app.kite.standin.hours import Hours
from app.kite.standin.listing import Group, Listings, listings
from app.kite.standin.packets import DEPTH, TICK, Rows
from app.kite.standin.sheets import Bars, Chain, Ints, Sheet, bars, sheet
from db.market.calendar import Instrument
from db.market.clock import IST

_MINUTE_S = 60
_STEP = 5  # paise between the levels of the book
_ORDER_LOTS = 4
_LAST = time(23, 59, 59)

Disturb = Callable[[Rows, Listings], None]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All listed tokens at a moment: `rows` (TICK) in the order of `listings.tokens`."""

    at: datetime
    listings: Listings
    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class _Range:
    """A day so far, by column: first, highest and lowest price, highest and lowest OI."""

    open: NDArray[np.int32]
    high: NDArray[np.int32]
    low: NDArray[np.int32]
    oi_high: NDArray[np.int32]
    oi_low: NDArray[np.int32]


class Market:
    """Figures of every token at any moment: the same seed and moment always show the same.

    `disturb` may change the rows of a state; `changed` must be called when it does so otherwise
    than before.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        seed: int = DEFAULT_SEED,
        hours: Hours | None = None,
        disturb: Disturb | None = None,
    ) -> None:
        self.now = now
        self.hours = hours or Hours()
        self._seed = seed
        self._disturb = disturb
        self._lock = threading.Lock()
        self._listings: tuple[date, Listings] | None = None
        self._state: State | None = None

    def changed(self) -> None:
        """Forget the state of this second: it is disturbed in another way from now on."""
        with self._lock:
            self._state = None

    def listings(self, day: date | None = None) -> Listings:
        """What is listed on a day, by default today."""
        wanted = day or self.now().astimezone(IST).date()
        known = self._listings
        if known is None or known[0] != wanted:
            known = (wanted, listings(self._seed, wanted))
            self._listings = known
        return known[1]

    def state(self) -> State:
        """All tokens as they are now, to the second."""
        at = self.now().astimezone(IST).replace(microsecond=0)
        with self._lock:
            if self._state is None or self._state.at != at:
                self._state = self._made(at)
            return self._state

    def bars(self, chain: Chain, day: date) -> Bars | None:
        """The minutes of a chain on a day; None on a day without a session."""
        span = self.hours.span(day, Instrument.OPTIONS)
        return None if span is None else bars(self._seed, chain, day, span)

    def _made(self, at: datetime) -> State:
        listed = self.listings(at.date())
        rows = np.zeros(len(listed.rows), TICK)
        rows["token"] = listed.tokens
        sheets: dict[tuple[Chain, datetime], Sheet] = {}
        for group in listed.groups:
            moment = self.hours.standing(at, group.instrument)
            found = sheets.get((group.chain, moment)) or self._sheet(group.chain, moment)
            sheets[group.chain, moment] = found
            self._fill(rows, listed, group, moment, found)
        if self._disturb is not None:
            self._disturb(rows, listed)
        return State(at, listed, rows)

    def _sheet(self, chain: Chain, moment: datetime) -> Sheet:
        return sheet(self._seed, chain, moment.date(), np.array([second_of_day(moment)]))

    def _fill(
        self, rows: Rows, listed: Listings, group: Group, moment: datetime, found: Sheet
    ) -> None:
        columns, part = group.columns, rows[group.places]
        price = found.price[0, columns]
        part["ltp"] = price
        part["close"] = self._previous_close(group, moment.date())[columns]
        part["volume"] = found.volume[0, columns]
        part["last_quantity"] = listed.lots[group.places]
        part["oi"] = found.oi[0, columns]
        part["last_trade_time"] = part["exchange_time"] = int(moment.timestamp())
        self._fill_range(part, group, moment)
        fill_book(part, found, columns, listed.lots[group.places])
        rows[group.places] = part

    def _fill_range(self, part: Rows, group: Group, moment: datetime) -> None:
        # an index stands still before its options do: its day ends there
        span = self.hours.span(moment.date(), group.instrument)
        whole = self.bars(group.chain, moment.date())
        if span is None or whole is None:
            raise AssertionError("prices stand only on days with a session")
        minute = min(second_of_day(moment) - span.start, len(span)) // _MINUTE_S
        so_far = _range(whole, minute)
        columns = group.columns
        part["open"] = so_far.open[columns]
        part["high"] = np.maximum(so_far.high[columns], part["ltp"])
        part["low"] = np.minimum(so_far.low[columns], part["ltp"])
        part["oi_high"] = np.maximum(so_far.oi_high[columns], part["oi"])
        part["oi_low"] = np.minimum(so_far.oi_low[columns], part["oi"])
        part["average"] = (part["high"].astype(np.int64) + part["low"] + part["ltp"]) // 3

    def _previous_close(self, group: Group, day: date) -> Ints:
        before = datetime.combine(self.hours.day_before(day), _LAST, IST)
        return _prices(self._seed, group.chain, self.hours.standing(before, group.instrument))


def fill_book(part: Rows, found: Sheet, columns: Ints, lots: Ints) -> None:
    """Five levels either side; what the market does not know of them thins out evenly."""
    level = np.arange(DEPTH)
    for name, best, quantity, away in (
        ("buy", found.bid[0, columns], found.bid_quantity[0, columns], -_STEP),
        ("sell", found.ask[0, columns], found.ask_quantity[0, columns], _STEP),
    ):
        price = best[:, None] + away * level
        there = (best[:, None] > 0) & (price > 0)
        units = np.where(there, quantity[:, None] * (level + 1), 0)
        part[name]["price"] = np.where(there, price, 0)
        part[name]["quantity"] = units
        part[name]["orders"] = np.where(there, 1 + units // (lots[:, None] * _ORDER_LOTS + 1), 0)
        part[f"{name}_quantity"] = units.sum(axis=1)


@lru_cache(maxsize=64)
def _prices(seed: int, chain: Chain, moment: datetime) -> Ints:
    second = np.array([second_of_day(moment)])
    found: Ints = sheet(seed, chain, moment.date(), second).price[0]
    return found


@lru_cache(maxsize=32)
def _range(whole: Bars, minute: int) -> _Range:
    """The day until a minute begins; at its first one its opening prices."""
    if minute == 0:
        return _Range(whole.open[0], whole.open[0], whole.open[0], whole.oi[0], whole.oi[0])
    return _Range(
        open=whole.open[0],
        high=whole.high[:minute].max(axis=0),
        low=whole.low[:minute].min(axis=0),
        oi_high=whole.oi[:minute].max(axis=0),
        oi_low=whole.oi[:minute].min(axis=0),
    )
