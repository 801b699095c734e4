"""Whether a chain is old enough to wonder, or is not of the present at all."""

from db.market.calendar import Phase, phase
from db.market.clock import market_now
from db.market.limits import STALE_AFTER_S


def ought_to_be_new(age_s: float, source: str | None) -> bool:
    """Whether a chain of that age is one of the present, as its page would call it.

    A replay has a pace of its own, and an end, whatever the hours of the market are.
    """
    if source == "replayed":
        return False
    return age_s <= STALE_AFTER_S or phase(market_now()) is not Phase.CLOSED
