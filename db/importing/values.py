"""Cells as values of their columns; each that cannot be read is a reason to refuse its row."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import BIGINT, BOOLEAN, DOUBLE_PRECISION, TIMESTAMP, Column, Date, Integer, Text

from db.market.clock import IN_THE_FUTURE, IST, instant_fault
from db.schema.market_time import MarketTime

Parser = Callable[[str], Any]

# how programs write that they do not know
_UNKNOWN = frozenset({"nan", "inf", "infinity", "nat", "null", "none", "<na>"})
_TRUE = frozenset({"t", "true", "1", "1.0", "yes"})
_FALSE = frozenset({"f", "false", "0", "0.0", "no"})
_EXACT = 2**53
_NO_TIME = "is not a time"
_COUNTS = ("oi", "volume", "token", "last_future_oi", "id")


class FaultyCellError(ValueError):
    """A cell that cannot be read; its text is the reason that is counted."""


class Cell(NamedTuple):
    """Where a column's cells stand in a row, and what becomes of them."""

    name: str
    position: int
    parse: Parser
    required: bool


def cell(column: Column[Any], position: int) -> Cell:
    """How the cells of a declared column are read."""
    return Cell(column.name, position, _parser(column), not column.nullable)


def values_of(cells: Sequence[str], wanted: Iterable[Cell]) -> tuple[Any, ...]:
    """A row's values, None for unknown; raises FaultyCellError for the first that is at fault."""
    values = []
    for name, position, parse, required in wanted:
        text = cells[position]
        try:
            value = parse(text) if text else None
        except FaultyCellError as exc:
            raise FaultyCellError(f"{name} {exc}") from None
        if required and (value is None or value == ""):
            raise FaultyCellError(f"{name} is empty")
        values.append(value)
    return tuple(values)


def _parser(column: Column[Any]) -> Parser:
    match column.type:
        case MarketTime() | TIMESTAMP():
            # when the server wrote a row is its own affair
            return _instant if column.server_default is None else _moment
        case Text():
            return _TEXTS.get(column.name, _text)
        case DOUBLE_PRECISION():
            return _strike if column.name == "strike" else _number
        case Integer():
            bits = 64 if isinstance(column.type, BIGINT) else 32
            floor = 0 if column.name in _COUNTS else -(1 << (bits - 1))
            return partial(_whole, floor=floor, beyond=1 << (bits - 1))
        case BOOLEAN():
            return _truth
        case Date():
            return _day
    raise TypeError(f"no export holds a {column.type}")


def _text(text: str) -> str:
    if "\0" in text:
        raise FaultyCellError("holds a NUL byte")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise FaultyCellError("is not UTF-8") from None
    return text


def _option_type(text: str) -> str:
    if text.strip() not in ("CE", "PE"):
        raise FaultyCellError("is neither CE nor PE")
    return text.strip()


def _key(text: str) -> str:
    return _text(text.strip())


_TEXTS: Mapping[str, Parser] = {"option_type": _option_type, "exchange": _key}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # Python's own digits may be grouped and of any script, those of an export are neither
    if math.isfinite(value) and text.isascii() and "_" not in text:
        return value
    if _is_unknown(text):
        return None
    raise FaultyCellError("is not a number")


def _strike(text: str) -> float | None:
    value = _number(text)
    if value is not None and value <= 0:
        raise FaultyCellError("is not positive")
    return value


def _whole(text: str, *, floor: int, beyond: int) -> int | None:
    try:
        # what a program held as a float ends in .0
        value = int(text) if text.isdecimal() and text.isascii() else _whole_float(text)
    except OverflowError:
        raise FaultyCellError("is not a whole number") from None
    if value is None:
        return None
    if value < floor and floor == 0:
        raise FaultyCellError("is negative")
    if not floor <= value < beyond:
        raise FaultyCellError("is too large")
    return value


def _whole_float(text: str) -> int | None:
    value = _number(text)
    if value is None:
        return None
    if value != int(value):
        raise FaultyCellError("is not a whole number")
    if abs(value) > _EXACT:
        raise FaultyCellError("is too large")
    return int(value)


def _truth(text: str) -> bool | None:
    said = text.strip().lower()
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    if _is_unknown(text):
        return None
    raise FaultyCellError("is neither true nor false")


# rows of one snapshot share theirs
@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    """A moment as the database holds it: naive IST; one without an offset is that already."""
    said = text.strip()
    if _is_unknown(said):
        return None
    try:
        moment = datetime.fromisoformat(said)
        return moment if moment.tzinfo is None else moment.astimezone(IST).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise FaultyCellError(_NO_TIME) from None


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime | None:
    moment = _moment(text)
    if moment is not None and (reason := instant_fault(moment.replace(tzinfo=IST))):
        raise FaultyCellError("is in the future" if reason == IN_THE_FUTURE else _NO_TIME)
    return moment


def _day(text: str) -> date | None:
    moment = _moment(text)
    return None if moment is None else moment.date()


def _is_unknown(text: str) -> bool:
    said = text.strip().lower().lstrip("+-")
    return not said or said in _UNKNOWN
