"""What a user's dealing would have cost at a broker, by day: an estimate, no contract note."""

from collections.abc import Sequence
from datetime import date

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


def _of(each: PaperTurnover) -> float | None:
    exchange = EXCHANGES.get(each.exchange)
    if exchange is None:
        return None
    dealt = Turnover(each.orders, each.bought, each.sold, each.exercised)
    found = charges(each.day, exchange.options_segment, dealt)
    return None if found is None else found.total
