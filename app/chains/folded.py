"""A whole chain within the page: column by column, and without what follows from the rest.

Packed it is two thirds of the message, which `front/core/folded.js` makes of it again.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict

from app.chains.bodies import Encoded
from app.chains.state import ChainState
from app.chains.wire import Full, full_message
from db.market.limits import CHANGE_MINUTES

_EXCEPTIONS = 8
"""Of so many values one may differ from what follows: beyond, the column comes whole."""
_PER_UNIT = 1000
_PERCENT = 100


class Multiples(TypedDict):
    """A column of whole numbers, each a multiple of `each`."""

    each: int
    of: list[int | None]


class Following(TypedDict):
    """A column that follows from others, but for some places: place and value by turns.

    `stem` is what the symbols begin with.
    """

    but: list[Any]
    stem: str | None


class Folded(TypedDict):
    """What a full message says, of `count` contracts; `columns` stand in the order of `fields`."""

    kind: str
    exchange: str
    sequence: int | None
    fields: Sequence[str]
    summary: dict[str, Any]
    count: int
    columns: list[list[Any] | Multiples | Following]


def folded_body(state: ChainState) -> Encoded:
    """The chain without its book of orders, for the page's first load; made once for all."""
    chain, status = state.chain, state.status()
    return chain.bodies.whole(
        ("folded", status), lambda: folded(full_message(chain, status, book=False))
    )


def folded(message: Full) -> Folded:
    """The message column by column."""
    fields, legs = message["fields"], message["legs"]
    told = {name: [leg[at] for leg in legs] for at, name in enumerate(fields)}
    return {
        "kind": message["kind"],
        "exchange": message["exchange"],
        "sequence": message["sequence"],
        "fields": fields,
        "summary": message["summary"],
        "count": len(legs),
        "columns": [_column(name, told) for name in fields],
    }


Told = dict[str, list[Any]]


def _column(name: str, told: Told) -> list[Any] | Multiples | Following:
    values = told[name]
    follow = _FOLLOWS.get(name)
    if follow is not None:
        expected, stem = follow(told)
        but = _exceptions(values, expected)
        if len(but) <= 2 * len(values) // _EXCEPTIONS:
            return {"but": but, "stem": stem}
    return _multiples(values)


def _exceptions(values: list[Any], expected: Iterable[Any]) -> list[Any]:
    # by what is written: a zero with a sign is another one
    pairs = enumerate(zip(values, expected, strict=True))
    return [part for i, (is_, follows) in pairs if repr(is_) != repr(follows) for part in (i, is_)]


def _multiples(values: list[Any]) -> list[Any] | Multiples:
    known = [value for value in values if value is not None]
    if not all(isinstance(value, int | float) and value % 1 == 0 for value in known):
        return values
    each = math.gcd(*(int(value) for value in known))
    if each <= 1:
        return values
    return {"each": each, "of": [None if value is None else int(value) // each for value in values]}


def _symbols(told: Told) -> tuple[Iterable[Any], str | None]:
    """Those of an exchange that names its contracts by series, strike and side."""
    ends = [
        f"{_written(strike)}{side}"
        for strike, side in zip(told["strike"], told["side"], strict=True)
    ]
    first = told["symbol"][0] if told["symbol"] else ""
    stem = first.removesuffix(ends[0]) if ends and first.endswith(ends[0]) else ""
    return (stem + end for end in ends), stem


def _written(strike: float) -> str:
    """As the page's script writes a number."""
    return str(int(strike)) if strike == int(strike) else repr(strike)


def _percents(minutes: int) -> Callable[[Told], tuple[Iterable[Any], None]]:
    def follow(told: Told) -> tuple[Iterable[Any], None]:
        pairs = zip(told["oi"], told[f"oi_{minutes}m"], strict=True)
        return (_percent(oi, change) for oi, change in pairs), None

    return follow


def _percent(oi: int | None, change: int | None) -> float | None:
    """Of what was held before, to the digits of its column; step by step as the script does it."""
    if oi is None or change is None or oi - change <= 0:
        return None
    return math.floor(change / (oi - change) * _PERCENT * _PER_UNIT + 0.5) / _PER_UNIT


_FOLLOWS: dict[str, Callable[[Told], tuple[Iterable[Any], str | None]]] = {
    "symbol": _symbols,
    **{f"pct_{minutes}m": _percents(minutes) for minutes in CHANGE_MINUTES},
}
