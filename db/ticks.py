"""What a feed hands to the database: one chain of one exchange at one instant."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

OptionType = Literal["CE", "PE"]


@dataclass(frozen=True, slots=True)
class OptionTick:
    """One contract's state. Prices in INR, quantities in units (not lots); None is unknown."""

    token: int
    symbol: str
    strike: float
    option_type: OptionType
    expiry: date
    ltp: float | None = None
    oi: int | None = None
    volume: int | None = None
    best_bid: float | None = None
    best_ask: float | None = None
    bid_quantity: float | None = None
    ask_quantity: float | None = None


@dataclass(frozen=True, slots=True)
class ChainSnapshot:
    """The chain of one exchange key at one instant; `timestamp` is aware.

    `underlying_price` is the index, `future_price` and `future_oi` its near future.
    """

    exchange: str
    timestamp: datetime
    options: tuple[OptionTick, ...]
    underlying_price: float | None = None
    future_price: float | None = None
    future_oi: int | None = None
    future_symbol: str | None = None
    vix: float | None = None
    rejected: tuple[str, ...] = field(default=())
