"""At which price a leg is filled, and why."""

from dataclasses import dataclass
from datetime import datetime

from app.desk.paper.errors import LimitError, RefusedError
from app.desk.paper.orders import Side
from app.desk.paper.quotes import Contract, Quote, demand_tradable


@dataclass(frozen=True, slots=True)
class Fill:
    """Units (bought > 0, sold < 0) of a contract at a price in INR, at a moment of market time."""

    contract: Contract
    units: int
    price: float
    at: datetime
    reason: str


def fill_at_quote(
    quote: Quote, side: Side, units: int, now: datetime, limit: float | None = None
) -> Fill:
    """Buy at the ask or sell at the bid of the live edge; raises RefusedError if that cannot be.

    Raises LimitError where only the price is worse than the `limit`.

    The book below the best price is not known: what exceeds it is filled there too, and says so.
    """
    demand_tradable(quote, now)
    buys = side == "B"
    price, offered = (quote.ask, quote.ask_quantity) if buys else (quote.bid, quote.bid_quantity)
    if price is None:
        raise RefusedError(f"{quote.contract.symbol} has no price to {'buy' if buys else 'sell'}.")
    if limit is not None and (price > limit if buys else price < limit):
        raise LimitError(
            f"{quote.contract.symbol} stands at {_side(buys)} {price:.2f}, "
            f"{'above' if buys else 'below'} the limit of {limit:.2f}."
        )
    reason = _reason(quote, buys, price, units, offered)
    return Fill(quote.contract, units if buys else -units, price, quote.at, reason)


def _reason(quote: Quote, buys: bool, price: float, units: int, offered: float | None) -> str:
    said = f"{'bought' if buys else 'sold'} at {_side(buys)} {price:.2f} of {quote.at:%H:%M:%S}"
    if quote.source in ("simulated", "replayed"):
        said += f" ({quote.source})"
    if offered is not None and 0 < offered < units:
        said += f"; only {offered:.0f} of the {units} units stood there"
    return said


def _side(buys: bool) -> str:
    return "ask" if buys else "bid"
