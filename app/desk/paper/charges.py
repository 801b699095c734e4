"""What a user's dealing would have cost at a broker, by day: an estimate, no contract note."""

from collections.abc import Sequence
from datetime import date

from app.desk.paper.payoff import Held
from db.market.charges import Turnover, charges
from db.market.exchanges import EXCHANGES
from db.queries.paper import PaperTurnover


def charged(dealt: Sequence[PaperTurnover]) -> dict[date, float | None]:
    """INR by day; None of a day whose rates, or one of whose exchanges, nobody here knows."""
    found: dict[date, float | None] = {}
    for each in dealt:
        known, before = _of(each), found.get(each.day, 0.0)
        found[each.day] = None if known is None or before is None else before + known
    return found


def dealing_cost(day: date, exchange: str, legs: Sequence[Held]) -> float | None:
    """INR that dealing these legs at their prices costs; None where nobody here knows."""
    premiums = [each.units * each.cost for each in legs]
    dealt = Turnover(
        orders=len(legs),
        bought=sum(paid for paid in premiums if paid > 0),
        sold=-sum(paid for paid in premiums if paid < 0),
    )
    return _cost(day, exchange, dealt)


def _of(each: PaperTurnover) -> float | None:
    dealt = Turnover(each.orders, each.bought, each.sold, each.exercised)
    return _cost(each.day, each.exchange, dealt)


def _cost(day: date, exchange: str, dealt: Turnover) -> float | None:
    known = EXCHANGES.get(exchange)
    found = None if known is None else charges(day, known.options_segment, dealt)
    return None if found is None else found.total
