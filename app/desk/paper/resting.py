"""Orders that wait until the market touches their limits, to the end of its session."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.desk.paper.books import Books
from app.desk.paper.dealing import dealt
from app.desk.paper.errors import RefusedError
from app.desk.paper.ledger import end_resting
from app.desk.paper.orders import Leg, legs_of
from app.desk.paper.quotes import Market, Quote, market_moment
from app.telemetry.timing import timed
from db.errors import InvalidInputError
from db.ingest.paper import lock_owner
from db.market.calendar import expiry_instant, session
from db.queries import paper as stored

FILLED, CANCELLED, LAPSED = "filled", "cancelled", "lapsed"

_SIMULATED_DAY = timedelta(days=1)


def rests_until(quotes: Sequence[Quote], now: datetime) -> datetime:
    """When an order on these lapses: with the session; in the simulated market after a day."""
    return min(_ends(quote, market_moment(quote, now)) for quote in quotes)


def legs_asked(asked: str) -> tuple[Leg, ...]:
    """The legs of an order as it is stored."""
    return legs_of(json.loads(asked)["legs"])


@timed("look at resting orders")
def look(books: Books, market: Market, now: datetime) -> int:
    """Fill what the newest quotes touch, let lapse what is over; how many orders that ended."""
    with books.newest() as connection:
        waiting = stored.resting(connection)
    return sum(_look_at(books, market, order, now) for order in waiting)


def _look_at(books: Books, market: Market, order: stored.RestingOrder, now: datetime) -> bool:
    legs = legs_asked(order.asked)
    try:
        if _is_over(market, legs, order.ends, now):
            return _ended(books, order, LAPSED)
        with books.newest() as connection:
            fills = [dealt(connection, market, leg, now) for leg in legs]
    except (RefusedError, InvalidInputError):
        # untouched, or not to be dealt on at the moment: it goes on waiting
        return False
    with books.writing() as connection:
        lock_owner(connection, order.owner)
        try:
            end_resting(connection, order.owner, order.id, FILLED, fills)
        except RefusedError:
            # cancelled, or filled by another process, meanwhile
            return False
    return True


def _is_over(market: Market, legs: Sequence[Leg], ends: datetime, now: datetime) -> bool:
    moments = [market.replayed_at(leg.exchange) or now for leg in legs]
    return max(moments) >= ends


def _ended(books: Books, order: stored.RestingOrder, status: str) -> bool:
    with books.writing() as connection:
        lock_owner(connection, order.owner)
        try:
            end_resting(connection, order.owner, order.id, status)
        except RefusedError:
            return False
    return True


def _ends(quote: Quote, moment: datetime) -> datetime:
    last = expiry_instant(quote.contract.expiry)
    if quote.source == "simulated":
        return min(moment + _SIMULATED_DAY, last)
    found = session(moment.date())
    return last if found is None else min(found.closes, last)
