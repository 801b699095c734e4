"""Figures as people read them: what `front/core/format.js` writes, to the letter.

Unknown is a dash, never a zero. Two ways of rounding meet here as they do in a browser: `Intl`
rounds the shortest decimal that a number is written by, `toFixed` the number itself; both away
from zero where two are as near.
"""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from math import floor

DASH = "–"
_MINUS = "−"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STEPS = tuple(Decimal(1).scaleb(-digits) for digits in range(3))
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400

Number = float


def _known(write: Callable[[Number], str]) -> Callable[[Number | None], str]:
    @wraps(write)
    def figure(value: Number | None) -> str:
        return DASH if value is None else write(value)

    return figure


def _grouped(digits: str) -> str:
    """Thousands, then lakh and crore: 12,34,56,789."""
    head, tail = digits[:-3], digits[-3:]
    if not head:
        return tail
    first = len(head) % 2
    pairs = [head[at : at + 2] for at in range(first, len(head), 2)]
    return ",".join(([head[:1]] if first else []) + [*pairs, tail])


def _intl(value: Number, digits: int) -> str:
    """As `Intl.NumberFormat("en-IN")` writes it with that many decimals."""
    text = repr(value)
    whole, _, fraction = text.partition(".")
    if "e" in text or len(fraction) > digits:
        rounded = Decimal(text).quantize(_STEPS[digits], ROUND_HALF_UP)
        whole, _, fraction = f"{rounded:f}".partition(".")
    sign, whole = ("-", whole[1:]) if whole[0] == "-" else ("", whole)
    # the shortest form of a whole float has one decimal too many
    fraction = fraction[:digits].ljust(digits, "0")
    return f"{sign}{_grouped(whole)}{'.' if digits else ''}{fraction}"


def _fixed(value: Number, digits: int) -> str:
    """As `value.toFixed(digits)` writes it."""
    return f"{Decimal(value).quantize(_STEPS[digits], ROUND_HALF_UP):f}"


def _sign(value: Number) -> str:
    if value > 0:
        return "+"
    return _MINUS if value < 0 else ""


@_known
def integer(value: Number) -> str:
    """12,34,567."""
    return _intl(value, 0)


@_known
def price(value: Number) -> str:
    """26,010.05."""
    return _intl(value, 2)


@_known
def decimal(value: Number) -> str:
    """10.5."""
    return _intl(value, 1)


@_known
def ratio(value: Number) -> str:
    """0.92."""
    return _fixed(value, 2)


@_known
def strike(value: Number) -> str:
    """26,000, with decimals only where there are some."""
    text = _intl(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


@_known
def signed(value: Number) -> str:
    """+90.00."""
    return _sign(value) + _intl(abs(value), 2)


@_known
def percent(value: Number) -> str:
    """+1.5, without its sign where it rounds to nothing."""
    size = abs(value)
    shown = _intl(size, 0) if size >= 1000 else _intl(size, 1)
    return shown if shown == "0.0" else _sign(value) + shown


@_known
def share(value: Number) -> str:
    """50 %."""
    return f"{floor(value * 100 + 0.5)} %"


@_known
def quantity(value: Number) -> str:
    """In lakh and crore, as Indian markets count: 6.50 L."""
    size = abs(value)
    if size >= 1e10:
        return f"{_intl(value / 1e7, 0)} Cr"
    if size >= 1e7:
        return f"{_fixed(value / 1e7, 1 if size >= 1e9 else 2)} Cr"
    if size >= 1e5:
        return f"{_fixed(value / 1e5, 1 if size >= 1e6 else 2)} L"
    if size >= 1e4:
        return f"{_fixed(value / 1e3, 1)} k"
    return _intl(value, 0)


def market_date(iso: str | None) -> str:
    """4 Aug 2026, of a market time or a day in ISO form."""
    return DASH if iso is None else f"{int(iso[8:10])} {_MONTHS[int(iso[5:7]) - 1]} {iso[:4]}"


def market_weekday(iso: str | None) -> str:
    """Tue 4 Aug 2026."""
    if iso is None:
        return DASH
    return f"{_WEEKDAYS[date.fromisoformat(iso[:10]).weekday()]} {market_date(iso)}"


def market_clock(iso: str | None) -> str:
    """11:00:00."""
    return DASH if iso is None else iso[11:19]


def duration(seconds: Number) -> str:
    """An age in the unit that fits it."""
    if seconds < 10:
        return f"{_fixed(seconds, 1)} s"
    for below, unit, name in ((120, 1, "s"), (7200, _MINUTE_S, "min"), (172_800, _HOUR_S, "h")):
        if seconds < below:
            return f"{floor(seconds / unit + 0.5)} {name}"
    return f"{floor(seconds / _DAY_S + 0.5)} days"


def remaining(seconds: Number) -> str:
    """5d 02:15."""
    if seconds <= 0:
        return "expired"
    whole = floor(seconds)
    clock = f"{whole % _DAY_S // _HOUR_S:02}:{whole % _HOUR_S // _MINUTE_S:02}"
    days = whole // _DAY_S
    return f"{days}d {clock}" if days > 0 else clock
