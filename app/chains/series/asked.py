"""What may be asked of a series, read from the text of an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import isfinite
from typing import Any, TypeVar

from db.errors import InvalidInputError
from db.market.clock import IST
from db.market.limits import MOST_DAYS, MOST_STRIKES

_HIGHEST_STRIKE = 1e7
_YEARS = range(1990, 2200)
_DAYS = 60
_AROUND = 25
_SHOWN = 40
ValueT = TypeVar("ValueT")
MomentT = TypeVar("MomentT", bound=date)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part is meant: a day, an instant, a contract, how many days, how many strikes.

    `day` and `at` are None where the newest are meant.
    """

    day: date | None = None
    at: datetime | None = None
    strikes: tuple[float, ...] = ()
    side: str | None = None
    days: int = _DAYS
    around: int = _AROUND

    @classmethod
    def of(cls, words: Mapping[str, str], wanted: frozenset[str]) -> "Asked":
        """The wanted ones of these words; raises InvalidInputError for one that makes no sense."""
        given = {name: words[name] for name in wanted if name in words}
        for name in ("strike", "strikes", "side"):
            if name in wanted and name not in given:
                raise InvalidInputError(f"Say which contract: {name}= is missing.")
        found: dict[str, Any] = {}
        for name, text in given.items():
            field, read = _READ[name]
            found[field] = read(name, text)
        return replace(cls(), **found)


def _day(name: str, text: str) -> date:
    return _of_our_time(name, _understood(name, text, "a date like 2026-08-03", date.fromisoformat))


def _instant(name: str, text: str) -> datetime:
    """An instant of market time: with an offset, or IST where there is none."""
    # an address's + is a space
    plain, what = text.replace(" ", "+"), "a moment like 2026-08-03T11:00:00"
    found = _of_our_time(name, _understood(name, plain, what, datetime.fromisoformat))
    return found.replace(tzinfo=IST) if found.tzinfo is None else found.astimezone(IST)


def _of_our_time(name: str, found: MomentT) -> MomentT:
    if found.year not in _YEARS:
        raise InvalidInputError(f"{name} must be between {_YEARS.start} and {_YEARS.stop - 1}.")
    return found


def _strike(name: str, text: str) -> tuple[float, ...]:
    return (_understood(name, text, "a strike", _price),)


def _strikes(name: str, text: str) -> tuple[float, ...]:
    parts = text.split(",")
    if len(parts) > 2:
        raise InvalidInputError(f"{name} must be one strike, or two with a comma between them.")
    return tuple(sorted(_understood(name, part, "a strike", _price) for part in parts))


def _side(name: str, text: str) -> str:
    if text not in ("CE", "PE"):
        raise InvalidInputError(f"{name} must be CE or PE, not {text[:40]!r}.")
    return text


def _up_to(most: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        whole = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
        if not whole or not 1 <= int(text) <= most:
            raise InvalidInputError(
                f"{name} must be a whole number from 1 to {most}, not {text[:40]!r}."
            )
        return int(text)

    return read


def _price(text: str) -> float:
    value = float(text)
    if not isfinite(value) or not 0 < value < _HIGHEST_STRIKE:
        raise ValueError(text)
    return value


def _understood(name: str, text: str, what: str, read: Callable[[str], ValueT]) -> ValueT:
    try:
        return read(text)
    except ValueError as error:
        raise InvalidInputError(f"{name} must be {what}, not {text[:_SHOWN]!r}.") from error


_READ: Mapping[str, tuple[str, Callable[[str, str], Any]]] = {
    "day": ("day", _day),
    "at": ("at", _instant),
    "strike": ("strikes", _strike),
    "strikes": ("strikes", _strikes),
    "side": ("side", _side),
    "days": ("days", _up_to(MOST_DAYS)),
    "around": ("around", _up_to(MOST_STRIKES)),
}
