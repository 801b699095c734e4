"""What the live edge says of a contract, and whether it can be traded on."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.desk.paper.errors import RefusedError
from db.market.calendar import expiry_instant
from db.market.limits import STALE_AFTER_S
from db.market.ticks import OptionType, Source
from db.market.trading import may_trade


@dataclass(frozen=True, slots=True)
class Contract:
    """An option; `exchange` is the key it is quoted under, `lot_size` in units (None: unknown)."""

    exchange: str
    symbol: str
    expiry: date
    strike: float
    option_type: OptionType
    lot_size: int | None


@dataclass(frozen=True, slots=True)
class Greeks:
    """Of one unit, on the forward: per point, per point squared, INR a day, INR per percentage
    point of IV."""

    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A contract at the live edge: prices in INR, quantities in units, unknown is None.

    `at` is the market time of the figures, `age_s` how long ago the database took them.
    `iv_forward` is in percent, on the `forward` (index points) that the chain implies.
    """

    contract: Contract
    at: datetime
    age_s: float | None
    source: Source | None = None
    bid: float | None = None
    ask: float | None = None
    bid_quantity: float | None = None
    ask_quantity: float | None = None
    ltp: float | None = None
    index: float | None = None
    forward: float | None = None
    iv_forward: float | None = None
    greeks: Greeks = Greeks()

    @property
    def has_both_sides(self) -> bool:
        """Whether it is quoted to buy and to sell."""
        return _is_price(self.bid) and _is_price(self.ask)


class Market(Protocol):
    """Where quotes come from."""

    def quote(self, exchange: str, symbol: str) -> Quote:
        """The newest quote; raises InvalidInputError for a contract that its chain lacks."""
        ...

    def replayed_at(self, exchange: str) -> datetime | None:
        """The moment that a key's chain replays; None of one that is of the present."""
        ...


def market_moment(quote: Quote, now: datetime) -> datetime:
    """The market's present: of a replay it is the moment that is replayed."""
    return quote.at if quote.source == "replayed" else now


def demand_tradable(quote: Quote, now: datetime) -> None:
    """Raise RefusedError, with the reason, unless a trader could deal on this quote at `now`.

    The simulated market trades at any hour; a replayed one has the hours of its own day.
    """
    name = quote.contract.symbol
    moment = market_moment(quote, now)
    if moment >= expiry_instant(quote.contract.expiry):
        raise RefusedError(f"{name} has expired.")
    if quote.age_s is None or quote.age_s > STALE_AFTER_S:
        raise RefusedError(f"The quote of {name} is stale: the chain is of {quote.at:%H:%M:%S}.")
    if quote.source != "simulated" and not may_trade(moment):
        raise RefusedError(f"The market is closed at {moment:%H:%M on %d %B %Y}.")
    if not quote.has_both_sides:
        raise RefusedError(
            f"{name} is not quoted on both sides: bid {_told(quote.bid)}, ask {_told(quote.ask)}."
        )
    if _at_least(quote.bid, quote.ask):
        raise RefusedError(
            f"The quote of {name} is crossed: bid {_told(quote.bid)}, ask {_told(quote.ask)}."
        )


def _is_price(value: float | None) -> bool:
    return value is not None and value > 0


def _at_least(bid: float | None, ask: float | None) -> bool:
    return bid is not None and ask is not None and bid > ask


def _told(price: float | None) -> str:
    return f"{price:.2f}" if price is not None and price > 0 else "unknown"
