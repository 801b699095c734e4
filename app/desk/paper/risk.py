"""Payoff, greeks and margin of what is held, or asked for, on one underlying."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.desk.paper.charges import dealing_cost
from app.desk.paper.errors import RefusedError
from app.desk.paper.margin import Margin, margin
from app.desk.paper.marks import Mark, held_of, summed
from app.desk.paper.orders import Leg
from app.desk.paper.payoff import Held, Payoff, payoff
from app.desk.paper.quotes import Greeks, Quote, market_moment
from app.desk.paper.settlement import contract_of
from db.market.exchanges import EXCHANGES


@dataclass(frozen=True, slots=True)
class Risk:
    """What moves the positions on one underlying; None of what is unknown."""

    underlying: str
    greeks: Greeks
    margin: Margin | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A payoff over the levels of an index that stands at `index`; `expiry` is the nearest one.

    `charges` are INR to deal what is asked, an estimate that is in no figure of the payoff; None of
    what is held already, and where nobody knows them.
    """

    underlying: str
    index: float
    expiry: date
    payoff: Payoff
    margin: Margin | None
    charges: float | None = None


def risks(marks: Sequence[Mark], now: datetime) -> tuple[Risk, ...]:
    """Greeks and margin by underlying."""
    return tuple(
        Risk(
            underlying=underlying,
            greeks=summed([mark.greeks for mark in held]),
            margin=_margin(held, now),
        )
        for underlying, held in by_underlying(marks).items()
    )


def by_underlying(marks: Sequence[Mark]) -> Mapping[str, list[Mark]]:
    """Marks under the names of their underlyings."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        found[underlying_of(mark.position.exchange)].append(mark)
    return found


def underlying_of(exchange: str) -> str:
    """The underlying of an exchange key; of one that is followed no more, the key itself."""
    known = EXCHANGES.get(exchange)
    return exchange if known is None else known.underlying_symbol


def outlook_of_marks(marks: Sequence[Mark], underlying: str, now: datetime) -> Outlook:
    """That of the positions on an underlying; raises RefusedError without any, or without index."""
    chosen = by_underlying(marks).get(underlying, [])
    if not chosen:
        raise RefusedError(f"Nothing on {underlying[:40]} is open.")
    index = _index([mark.quote for mark in chosen])
    expiry = min(mark.position.expiry for mark in chosen)
    return _outlook(underlying, index, expiry, [_held(mark, now) for mark in chosen])


def outlook_of_legs(asked: Sequence[tuple[Leg, Quote, int]], now: datetime) -> Outlook:
    """That of an order that is not placed yet, at the prices at which it would be filled.

    `asked` are its legs with their quotes and the units of a lot. Raises RefusedError where a leg
    is not quoted, and where the legs are not of one underlying.
    """
    underlyings = {underlying_of(leg.exchange) for leg, _, _ in asked}
    if len(underlyings) > 1:
        raise RefusedError("A payoff is of one underlying; these legs are of several.")
    quotes = [quote for _, quote, _ in asked]
    held = [_asked(leg, quote, lot, now) for leg, quote, lot in asked]
    expiry = min(quote.contract.expiry for quote in quotes)
    found = _outlook(underlyings.pop(), _index(quotes), expiry, held)
    cost = dealing_cost(market_moment(quotes[0], now).date(), asked[0][0].exchange, held)
    return replace(found, charges=cost)


def _outlook(underlying: str, index: float, expiry: date, held: Sequence[Held]) -> Outlook:
    return Outlook(underlying, index, expiry, payoff(held, index), margin(held, index))


def _asked(leg: Leg, quote: Quote, lot: int, now: datetime) -> Held:
    price = quote.ask if leg.side == "B" else quote.bid
    if price is None or price <= 0:
        raise RefusedError(f"{leg.symbol} has no price at which it could be dealt.")
    units = leg.lots * lot * (1 if leg.side == "B" else -1)
    return held_of(quote.contract, units, price, quote, now)


def _held(mark: Mark, now: datetime) -> Held:
    position = mark.position
    cost = 0.0 if position.average_price is None else position.average_price
    return held_of(contract_of(position), position.units, cost, mark.quote, now)


def _index(quotes: Sequence[Quote | None]) -> float:
    for quote in quotes:
        if quote is not None and quote.index is not None and quote.index > 0:
            return quote.index
    raise RefusedError("Where the index stands is not known at the moment.")


def _margin(marks: Sequence[Mark], now: datetime) -> Margin | None:
    try:
        index = _index([mark.quote for mark in marks])
    except RefusedError:
        return None
    return margin([_held(mark, now) for mark in marks], index)
