"""Cells of a recording's row as values; each that cannot be read is a reason to refuse its row."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from app.feeds import validation as fault
from db.market.clock import IST, NO_TIMESTAMP, instant_fault
from db.market.exchanges import EXCHANGES
from db.market.symbols import option_symbol

Row = Mapping[str, str]
_PRICES = ("underlying_price", "future_price", "vix")
_LARGEST_WHOLE = 2**63


class FaultyCellError(ValueError):
    """A cell that cannot be read; its text is the reason that is counted."""


class OptionRow(NamedTuple):
    """A contract's state in the order of `OptionColumns`; None is unknown."""

    strike: float
    option_type: str
    symbol: str
    token: int
    expiry: date
    oi: int | None
    ltp: float | None
    volume: int | None
    best_bid: float | None
    best_ask: float | None
    bid_quantity: float | None
    ask_quantity: float | None


def option_of(row: Row, exchange: str) -> OptionRow:
    """The contract of a row; raises FaultyCellError for a cell that cannot be read.

    Whether its figures make sense is asked of the chain as a whole.
    """
    strike = _number(row, "strike")
    if strike is None or strike <= 0:
        raise FaultyCellError(fault.NO_STRIKE)
    side = _text(row, "option_type")
    if side not in ("CE", "PE"):
        raise FaultyCellError(fault.NO_OPTION_TYPE)
    token = _whole(row, "token", fault.NO_TOKEN)
    if token is None:
        raise FaultyCellError(fault.NO_TOKEN)
    expiry = _expiry(row)
    underlying = EXCHANGES[exchange].underlying_symbol
    return OptionRow(
        strike=strike,
        option_type=side,
        symbol=_text(row, "symbol") or option_symbol(underlying, expiry, strike, side),
        token=token,
        expiry=expiry,
        oi=_whole(row, "oi", fault.NEGATIVE_OI),
        ltp=_number(row, "ltp"),
        volume=_whole(row, "volume", fault.NEGATIVE_QUANTITY),
        best_bid=_number(row, "best_bid"),
        best_ask=_number(row, "best_ask"),
        bid_quantity=_number(row, "bid_quantity"),
        ask_quantity=_number(row, "ask_quantity"),
    )


def underlying_of(row: Row) -> dict[str, float]:
    """What the row says of index, future and VIX; a price of 0 says nothing.

    Raises FaultyCellError for a figure below 0.
    """
    figures = {name: _number(row, name) for name in (*_PRICES, "future_oi")}
    if any(value is not None and value < 0 for value in figures.values()):
        raise FaultyCellError(fault.NO_UNDERLYING)
    return {
        name: value
        for name, value in figures.items()
        if value is not None and (value or name not in _PRICES)
    }


def instant_of(row: Row) -> datetime:
    """The instant of a row in IST; raises FaultyCellError for what is none of a market."""
    try:
        read = datetime.fromisoformat(_text(row, "timestamp"))
    except ValueError:
        raise FaultyCellError(NO_TIMESTAMP) from None
    placed = read if read.tzinfo else read.replace(tzinfo=IST)
    if reason := instant_fault(placed):
        raise FaultyCellError(reason)
    return placed.astimezone(IST)


def exchange_of(row: Row) -> str:
    """The exchange key of a row; raises FaultyCellError for one that is not known."""
    key = _text(row, "exchange")
    if key not in EXCHANGES:
        raise FaultyCellError(fault.UNKNOWN_EXCHANGE)
    return key


def _expiry(row: Row) -> date:
    try:
        return date.fromisoformat(_text(row, "expiry")[:10])
    except ValueError:
        raise FaultyCellError(fault.NO_EXPIRY) from None


def _number(row: Row, name: str) -> float | None:
    text = _text(row, name)
    if not text:
        return None
    try:
        # Python's own digits may be grouped, those of a recording are not
        value = math.nan if "_" in text else float(text)
    except ValueError:
        raise FaultyCellError(fault.NOT_FINITE) from None
    if not math.isfinite(value):
        raise FaultyCellError(fault.NOT_FINITE)
    return value


def _whole(row: Row, name: str, negative: str) -> int | None:
    value = _number(row, name)
    if value is None:
        return None
    if value != int(value):
        raise FaultyCellError(fault.NOT_WHOLE)
    if value < 0:
        raise FaultyCellError(negative)
    if value >= _LARGEST_WHOLE:
        raise FaultyCellError(fault.ABSURD_SIZE)
    return int(value)


def _text(row: Row, name: str) -> str:
    return row.get(name, "").strip()
