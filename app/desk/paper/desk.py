"""A user's paper trading: orders in, positions closed and settled, what it all comes to."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection

from app.desk.paper.books import Books
from app.desk.paper.charges import charged
from app.desk.paper.days import BookDay, book_days, stored_closes
from app.desk.paper.dealing import dealt, lot_of
from app.desk.paper.errors import LimitError, RefusedError
from app.desk.paper.fills import Fill, fill_at_quote
from app.desk.paper.ledger import (
    Placed,
    demand_room,
    end_resting,
    keep,
    keep_resting,
    placed_before,
)
from app.desk.paper.marks import Mark, total
from app.desk.paper.orders import Leg, Order, Side, Told
from app.desk.paper.quotes import Market, Quote
from app.desk.paper.resting import CANCELLED, rests_until
from app.desk.paper.risk import Outlook, Risk, outlook_of_legs, outlook_of_marks, risks
from app.desk.paper.settlement import has_expired, settlement
from app.telemetry.timing import timed
from db.errors import InvalidInputError
from db.ingest.paper import lock_owner
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES
from db.market.limits import PAPER_DAYS_SHOWN, PAPER_ORDERS_SHOWN
from db.queries import paper as stored
from db.queries.paper import PaperPosition, open_positions

_SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class Closed:
    """The order that closed positions, and why others could not be closed, by symbol."""

    placed: Placed
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class History:
    """A user's newest days and orders, newest first; `present` is their market's."""

    present: datetime
    days: tuple[BookDay, ...]
    resting: tuple[stored.PaperOrder, ...]
    orders: tuple[tuple[stored.PaperOrder, tuple[stored.PaperFill, ...]], ...]


class Desk:
    """Takes orders of all users; one of a user at a time, whichever process they come to."""

    def __init__(
        self, books: Books, market: Market, now: Callable[[], datetime] = market_now
    ) -> None:
        self._books = books
        self._market = market
        self._now = now

    def place(self, owner: str, order: Order, told: Told | None = None) -> Placed:
        """Fill all legs of an order at the live edge, or none; one that rests may wait for that.

        `told` is the signal that it follows. The same order again, by its key, answers what was
        filled before. Raises RefusedError with the reason, and InvalidInputError for a contract
        that the chain lacks.
        """
        legs = [asdict(leg) for leg in order.legs]
        asked = json.dumps({"legs": legs, "rests": order.rests}, sort_keys=True)
        with self._books.writing() as connection:
            lock_owner(connection, owner)
            known = placed_before(connection, owner, order.key, asked)
            if known is not None:
                return known
            demand_room(connection, owner)
            self._settle(connection, owner)
            try:
                fills = [dealt(connection, self._market, leg, self._now()) for leg in order.legs]
            except LimitError:
                if not order.rests:
                    raise
                until = self._until(order.legs)
                return keep_resting(connection, owner, order.key, asked, until)
            return keep(connection, owner, order.key, "order", asked, fills, told)

    def cancel(self, owner: str, order_id: int) -> Placed:
        """End an order that rests; raises RefusedError where it does no more."""
        with self._books.writing() as connection:
            lock_owner(connection, owner)
            return end_resting(connection, owner, order_id, CANCELLED)

    def close(
        self, owner: str, key: str, position_id: int | None = None, told: Told | None = None
    ) -> Closed:
        """Close one position, or all (None) that can be; what cannot is named with its reason.

        Raises RefusedError when nothing could be closed.
        """
        asked = json.dumps({"close": position_id})
        with self._books.writing() as connection:
            lock_owner(connection, owner)
            known = placed_before(connection, owner, key, asked)
            if known is not None:
                return Closed(known, {})
            demand_room(connection, owner)
            self._settle(connection, owner)
            fills, refused = self._closing(_chosen(open_positions(connection, owner), position_id))
            if not fills:
                raise RefusedError(next(iter(refused.values()), "Nothing is open."))
            return Closed(keep(connection, owner, key, "close", asked, fills, told), refused)

    @timed("load positions")
    def marks(self, owner: str) -> tuple[Mark, ...]:
        """What a user holds with its newest quotes; what has expired is settled first."""
        with self._books.newest() as connection:
            held = open_positions(connection, owner)
        if any(has_expired(each, self.moment(each)) for each in held):
            with self._books.writing() as connection:
                lock_owner(connection, owner)
                self._settle(connection, owner)
                held = open_positions(connection, owner)
        return tuple(
            Mark(each, self.quote_of(each), has_expired(each, self.moment(each))) for each in held
        )

    def lot(self, exchange: str, symbol: str) -> int:
        """Units in a lot of a contract; raises RefusedError where nobody here knows."""
        quote = self._market.quote(exchange, symbol)
        with self._books.newest() as connection:
            return lot_of(connection, quote)

    def history(self, owner: str, marks: Sequence[Mark]) -> History:
        """A user's P&L by day, what waits, and the last orders with their fills.

        `marks` are those of what the user holds: the present day is valued by them.
        """
        with self._books.newest() as connection:
            orders = stored.recent_orders(connection, owner, PAPER_ORDERS_SHOWN)
            fills = stored.fills(connection, [order.id for order in orders])
            held = stored.held(connection, owner)
            present = self._present(marks, fills)
            days = book_days(
                stored.days(connection, owner),
                held,
                stored_closes(connection, held),
                present.astimezone(IST).date(),
                total(mark.mtm for mark in marks),
                PAPER_DAYS_SHOWN,
                charged(stored.turnover(connection, owner)),
            )
            resting = stored.resting_of(connection, owner)
        of_order = {order.id: tuple(f for f in fills if f.order_id == order.id) for order in orders}
        dealt = tuple((order, of_order[order.id]) for order in orders)
        return History(present, days, resting, dealt)

    def realised(self, owner: str, exchange: str) -> float:
        """INR that a user ever realised in contracts of an exchange key."""
        with self._books.newest() as connection:
            return stored.realised(connection, owner, exchange)

    def moment(self, position: PaperPosition) -> datetime:
        """The market's present for a position: of a replay it is the moment that is replayed."""
        return self._moment(position.exchange)

    def quote_of(self, position: PaperPosition) -> Quote | None:
        """The newest quote of what is held, under whichever key of its underlying it stands."""
        for key in _keys(position):
            try:
                found = self._market.quote(key, position.symbol)
            except InvalidInputError:
                continue
            if found.contract.expiry == position.expiry:
                return found
        return None

    def outlook(self, owner: str, underlying: str) -> Outlook:
        """The payoff of what a user holds on an underlying; raises RefusedError without any."""
        return outlook_of_marks(self.marks(owner), underlying, self._now())

    def outlook_of(self, legs: Sequence[Leg]) -> Outlook:
        """The payoff that an order would have, at the prices at which it would be filled."""
        quotes = [self._market.quote(leg.exchange, leg.symbol) for leg in legs]
        with self._books.newest() as connection:
            lots = [lot_of(connection, quote) for quote in quotes]
        asked = list(zip(legs, quotes, lots, strict=True))
        return outlook_of_legs(asked, self._now())

    def risks(self, marks: Sequence[Mark]) -> tuple[Risk, ...]:
        """Greeks and margin of positions, by underlying."""
        return risks(marks, self._now())

    def _moment(self, exchange: str) -> datetime:
        replayed = self._market.replayed_at(exchange) if exchange in EXCHANGES else None
        return replayed or self._now()

    def _present(self, marks: Sequence[Mark], fills: Sequence[stored.PaperFill]) -> datetime:
        """That of what is held; of who holds nothing, that of what was dealt last."""
        keys = {mark.position.exchange for mark in marks}
        if fills and not keys:
            keys = {max(fills, key=lambda fill: fill.id).exchange}
        return max(map(self._moment, keys), default=self._now())

    def _until(self, legs: Sequence[Leg]) -> datetime:
        quotes = [self._market.quote(leg.exchange, leg.symbol) for leg in legs]
        return rests_until(quotes, self._now())

    def _closing(self, held: Sequence[PaperPosition]) -> tuple[list[Fill], dict[str, str]]:
        fills, refused = [], {}
        for each in held:
            quote = self.quote_of(each)
            if quote is None:
                refused[each.symbol] = f"{each.symbol} is not in its chain at the moment."
                continue
            try:
                side: Side = "S" if each.units > 0 else "B"
                sized = replace(quote, contract=replace(quote.contract, lot_size=each.lot_size))
                fills.append(fill_at_quote(sized, side, abs(each.units), self._now()))
            except RefusedError as error:
                refused[each.symbol] = str(error)
        return fills, refused

    def _settle(self, connection: Connection, owner: str) -> None:
        """End what has expired, each by an order of its own; the caller holds the owner's lock."""
        for each in open_positions(connection, owner):
            moment = self.moment(each)
            fill = settlement(connection, each, moment) if has_expired(each, moment) else None
            if fill is not None:
                # no key of a client's has a colon
                key = f"{_SETTLEMENT}:{token_hex(8)}"
                keep(connection, owner, key, _SETTLEMENT, "null", [fill])


def _chosen(held: Sequence[PaperPosition], position_id: int | None) -> tuple[PaperPosition, ...]:
    chosen = tuple(each for each in held if position_id in (None, each.id))
    if position_id is not None and not chosen:
        raise RefusedError("That position is not open any more.")
    return chosen


def _keys(position: PaperPosition) -> list[str]:
    """The position's own key first, then the others of its underlying."""
    if position.exchange not in EXCHANGES:
        return []
    underlying = EXCHANGES[position.exchange].underlying_symbol
    others = [
        key
        for key, known in EXCHANGES.items()
        if known.underlying_symbol == underlying and key != position.exchange
    ]
    return [position.exchange, *others]
