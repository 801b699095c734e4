"""What history lacks of the chains that are followed, and which candles would fill it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import zip_longest

import numpy as np
from sqlalchemy import Connection

from app.kite.candles import MINUTE, MOST_DAYS, Candles
from app.kite.fetching import Wanted
from app.kite.gaps import missing_minutes
from app.kite.listing import VIX_TOKEN, Listing
from db.market.calendar import previous_trading_day, session
from db.market.clock import IST

NEAR_STRIKES = 10
"""Strikes either side of the money whose contracts come first: those that a page shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A chain and the ends of minutes, ascending, that history lacks of it."""

    listing: Listing
    minutes: tuple[datetime, ...]

    @property
    def key(self) -> str:
        """The exchange key."""
        return self.listing.exchange.key

    @property
    def behind(self) -> tuple[int, ...]:
        """Tokens of index, VIX and future, as far as the chain has them."""
        future = self.listing.future.token if self.listing.future else None
        tokens = (self.listing.index_token, VIX_TOKEN, future)
        return tuple(token for token in tokens if token is not None)

    def outwards(self, candles: Mapping[int, Candles]) -> tuple[int, ...]:
        """Tokens of the contracts from the money outwards, by what the underlying's candles say."""
        level = _level(self.listing, candles)
        order = np.argsort(np.abs(self.listing.strike - level), kind="stable")
        return tuple(self.listing.token[order].tolist())


def planned(
    connection: Connection, listing: Listing, now: datetime, days: int, interval_s: float
) -> Plan:
    """What is missing of the last `days` trading days, today's included, up to the last minute.

    A day on which another expiry was the one to follow is left as it is: the broker has no past
    of contracts that have expired, and those of today do not belong there.
    """
    from db.queries.snapshots import instants

    found: list[datetime] = []
    for day in _days(now, days):
        hours = session(day)
        if hours is None or not _was_followed(connection, listing, day):
            continue
        midnight = datetime.combine(day, time(), IST)
        stored = instants(connection, listing.exchange.key, midnight, midnight + timedelta(days=1))
        found += missing_minutes(stored, hours, now, interval_s)
    return Plan(listing, tuple(found))


def wanted(plans: Iterable[Plan]) -> Mapping[int, Wanted]:
    """One request a token, for all plans it belongs to: from the opening of the first day on."""
    found: dict[int, Wanted] = {}
    for plan in plans:
        first, last = plan.minutes[0], plan.minutes[-1]
        opening = session(first.astimezone(IST).date())
        # volume is counted from there; a request for more costs no more
        start = min(first - MINUTE, opening.opens if opening else first)
        for token in (*plan.behind, *plan.listing.token.tolist()):
            known = found.get(token, Wanted(token, start, last - MINUTE))
            found[token] = Wanted(token, min(known.start, start), max(known.end, last - MINUTE))
    return found


def near_first(plans: Iterable[Plan], candles: Mapping[int, Candles]) -> Iterator[int]:
    """Tokens of the contracts around the money, of all chains by turns."""
    most = 2 * (2 * NEAR_STRIKES + 1)
    for row in zip_longest(*(plan.outwards(candles)[:most] for plan in plans)):
        yield from (token for token in row if token is not None)


def _days(now: datetime, count: int) -> list[date]:
    """The last days with a session up to today, oldest first; no more than a request may span."""
    today = now.astimezone(IST).date()
    found = [today][:count]
    while len(found) < count:
        found.append(previous_trading_day(found[-1]))
    return [day for day in reversed(found) if (today - day).days < MOST_DAYS]


def _was_followed(connection: Connection, listing: Listing, day: date) -> bool:
    from db.queries.listed import listed_expiries

    exchange = listing.exchange
    dates = listed_expiries(connection, exchange.underlying_symbol, exchange.options_segment, day)
    chosen = exchange.expiry_rule.chosen(dates, day)
    return chosen is None or chosen == listing.expiry


def _level(listing: Listing, candles: Mapping[int, Candles]) -> float:
    future = listing.future.token if listing.future else None
    for token in (listing.index_token, future):
        found = candles.get(token) if token is not None else None
        if found is not None and np.isfinite(found.close).any():
            return float(found.close[np.isfinite(found.close)][-1])
    return float(np.median(listing.strike))
