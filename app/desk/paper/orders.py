"""What a trader asks for, checked: a few legs that are filled together or not at all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from db.errors import InvalidInputError
from db.market.exchanges import exchange_named
from db.market.limits import PAPER_MOST_LEGS, PAPER_MOST_LOTS

Side = Literal["B", "S"]

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
SYMBOL = re.compile(r"[A-Z0-9&.-]{1,64}")
PRICE_LIMIT = 1e7


@dataclass(frozen=True, slots=True)
class Leg:
    """Lots of one contract to buy ('B') or sell ('S').

    With a `limit` (INR) nothing is filled at a price that is worse for the trader.
    """

    exchange: str
    symbol: str
    side: Side
    lots: int
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A signal that is followed, and its chance."""

    signal: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Order:
    """Legs that are filled together or not at all; `key` makes it one however often it comes.

    One that `rests` waits until the limits of all its legs are touched, to the end of the session.
    """

    key: str
    legs: tuple[Leg, ...]
    rests: bool = False


def order_of(asked: Any) -> Order:
    """The order that a request's JSON stands for; raises InvalidInputError with what is wrong."""
    known = _object(asked, "An order")
    _only(known, "An order", "key", "legs", "rests")
    legs, rests = legs_of(known.get("legs")), known.get("rests", False)
    if type(rests) is not bool:
        raise InvalidInputError("rests must be true or false.")
    if rests and any(leg.limit is None for leg in legs):
        raise InvalidInputError("An order that rests names a limit for each leg.")
    return Order(key_of(known.get("key")), legs, rests)


def key_of(value: Any) -> str:
    """An order's key; raises InvalidInputError for what is none."""
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise InvalidInputError(
            "key must be 8 to 64 letters, digits, - or _, another one for each order."
        )
    return value


def legs_of(value: Any) -> tuple[Leg, ...]:
    """The legs of an order; raises InvalidInputError for none, too many or senseless ones."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InvalidInputError("legs must be a list of at least one leg.")
    if len(value) > PAPER_MOST_LEGS:
        raise InvalidInputError(f"An order has at most {PAPER_MOST_LEGS} legs, not {len(value)}.")
    legs = tuple(_leg(each) for each in value)
    if len({(leg.exchange, leg.symbol) for leg in legs}) < len(legs):
        raise InvalidInputError("An order names each contract once.")
    return legs


def _leg(asked: Any) -> Leg:
    known = _object(asked, "A leg")
    _only(known, "A leg", "exchange", "symbol", "side", "lots", "limit")
    exchange = known.get("exchange")
    return Leg(
        exchange=exchange_named(exchange if isinstance(exchange, str) else "").key,
        symbol=symbol_of(known.get("symbol")),
        side=side_of(known.get("side")),
        lots=_lots(known.get("lots")),
        limit=_limit(known.get("limit")),
    )


def symbol_of(value: Any) -> str:
    """A trading symbol; raises InvalidInputError for what is none."""
    if not isinstance(value, str) or not SYMBOL.fullmatch(value):
        raise InvalidInputError("symbol must be a contract's trading symbol.")
    return value


def side_of(value: Any) -> Side:
    """'B' or 'S'; raises InvalidInputError for anything else."""
    if value == "B":
        return "B"
    if value == "S":
        return "S"
    raise InvalidInputError("side must be B (buy) or S (sell).")


def _lots(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= PAPER_MOST_LOTS:
        raise InvalidInputError(f"lots must be a whole number from 1 to {PAPER_MOST_LOTS}.")
    return value


def _limit(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value <= PRICE_LIMIT:
        raise InvalidInputError("limit must be a price above 0, or null.")
    return float(value)


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{what} must be a JSON object.")
    return value


def _only(known: Mapping[str, Any], what: str, *names: str) -> None:
    strange = sorted(set(known) - set(names))
    if strange:
        raise InvalidInputError(f"{what} has no {strange[0][:40]!r}; known are {', '.join(names)}.")
