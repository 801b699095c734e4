"""Which rules of alerts there are, and what each of them needs to be told.

A rule is data: an exchange key, a kind, and the parameters of that kind. One table says what is
allowed, so that a new kind is a row here, its figure in `figures` and its sentence in `sentences`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from db.errors import InvalidInputError
from db.market.exchanges import exchange_named
from db.market.limits import CHANGE_MINUTES, MOST_STRIKES

LEAST_COOLDOWN_S, MOST_COOLDOWN_S, USUAL_COOLDOWN_S = 0, 86_400, 60
FEED_WORDS = (
    *("connecting", "live", "mute", "silent", "auction", "closed", "reconnecting", "waiting"),
    *("login needed", "simulated", "no collector"),
)
_MOST = 1e12
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Rule:
    """A sound rule; `params` hold only what its kind knows."""

    exchange: str
    kind: str
    params: Mapping[str, Any]
    repeats: bool = True
    cooldown_s: int = USUAL_COOLDOWN_S


@dataclass(frozen=True, slots=True)
class _Field:
    """One parameter: what it is in words, whether a value is one, whether it may be left out."""

    words: str
    holds: Callable[[Any], bool]
    optional: bool = False


def _is_number(value: Any, low: float, high: float = _MOST) -> bool:
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and low <= value <= high


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and _is_number(value, low, high)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _among(*words: str) -> _Field:
    return _Field("one of " + ", ".join(words), lambda value: value in words)


def _positive(words: str) -> _Field:
    return _Field(words, lambda value: _is_number(value, 0) and value > 0)


_SIDE = _Field("CE or PE", lambda value: value in ("CE", "PE"), optional=True)
_STRIKE = _Field("a strike", lambda value: _is_number(value, 0) and value > 0, optional=True)
_EXPIRY = _Field("a date, YYYY-MM-DD", _is_date, optional=True)
_CONTRACT = {"strike": _STRIKE, "side": _SIDE, "expiry": _EXPIRY}
_CROSSING = _among("above", "below")
KINDS: Mapping[str, Mapping[str, _Field]] = {
    "oi_change": {
        "direction": _among("up", "down", "either"),
        "unit": _among("percent", "units"),
        "level": _positive("a number above 0"),
        "minutes": _Field(
            "one of " + ", ".join(map(str, CHANGE_MINUTES)),
            lambda value: _is_whole(value, 0, 1000) and value in CHANGE_MINUTES,
        ),
        "within": _Field(
            f"a number of strikes up to {MOST_STRIKES}",
            lambda value: _is_whole(value, 0, MOST_STRIKES),
            optional=True,
        ),
        **_CONTRACT,
    },
    "pcr": {"direction": _CROSSING, "level": _positive("a ratio above 0")},
    "max_pain": {"level": _positive("a number of points above 0")},
    "price": {"direction": _CROSSING, "level": _positive("a price above 0"), **_CONTRACT},
    "iv": {"direction": _CROSSING, "level": _positive("a percentage above 0"), **_CONTRACT},
    "straddle": {"direction": _CROSSING, "level": _positive("a price above 0")},
    "age": {"level": _Field("from 5 to 86400 seconds", lambda value: _is_number(value, 5, 86_400))},
    "feed": {"word": _among(*FEED_WORDS)},
}
"""By kind of rule, its parameters."""

ON_OLD_DATA = frozenset({"age", "feed"})
"""Kinds that are judged though the chain is old: they are about that."""


def rule_of(given: Any) -> Rule:
    """A rule from what a program sent; raises InvalidInputError with one sentence."""
    if not isinstance(given, dict):
        raise InvalidInputError("An alert is an object with exchange, kind and params.")
    unknown = set(given) - {"exchange", "kind", "params", "repeats", "cooldown_s"}
    if unknown:
        raise InvalidInputError(f"An alert has no {', '.join(sorted(unknown))}.")
    exchange, kind = given.get("exchange"), given.get("kind")
    if not isinstance(exchange, str):
        raise InvalidInputError("An alert needs an exchange.")
    exchange_named(exchange)
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidInputError(f"The kind of an alert is one of {', '.join(KINDS)}.")
    return Rule(
        exchange=exchange,
        kind=kind,
        params=_params(kind, given.get("params")),
        repeats=_flag(given.get("repeats", True), "repeats"),
        cooldown_s=_cooldown(given.get("cooldown_s", USUAL_COOLDOWN_S)),
    )


def changed(rule: Rule, given: Mapping[str, Any]) -> Rule:
    """The rule with what was sent of params, repeats and cooldown in place of its own.

    Raises InvalidInputError for what makes no rule, and for another exchange or kind.
    """
    known = {
        "exchange": rule.exchange,
        "kind": rule.kind,
        "params": rule.params,
        "repeats": rule.repeats,
        "cooldown_s": rule.cooldown_s,
    }
    fixed = {name for name in ("exchange", "kind") if given.get(name, known[name]) != known[name]}
    if fixed:
        raise InvalidInputError(
            f"The {' and '.join(sorted(fixed))} of an alert cannot change; make another one."
        )
    return rule_of({**known, **given})


def flag(given: Mapping[str, Any], name: str, default: bool) -> bool:
    """A yes or no among what was sent; raises InvalidInputError for anything else."""
    return _flag(given.get(name, default), name)


def _params(kind: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InvalidInputError("The params of an alert are an object.")
    fields = KINDS[kind]
    unknown = set(map(str, given)) - set(fields)
    if unknown:
        raise InvalidInputError(f"An alert of {kind} has no {', '.join(sorted(unknown))}.")
    found: dict[str, Any] = {}
    for name, field in fields.items():
        value = given.get(name, _MISSING)
        if field.optional and (value is _MISSING or value is None):
            continue
        if value is _MISSING or not field.holds(value):
            raise InvalidInputError(f"The {name} of an alert of {kind} must be {field.words}.")
        found[name] = value
    if kind in ("price", "iv") and ("strike" in found) != ("side" in found):
        raise InvalidInputError("A contract is named by its strike and its side, CE or PE.")
    return found


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInputError(f"{name} is true or false.")
    return value


def _cooldown(value: Any) -> int:
    if not _is_whole(value, LEAST_COOLDOWN_S, MOST_COOLDOWN_S):
        raise InvalidInputError(
            f"cooldown_s is a whole number from {LEAST_COOLDOWN_S} to {MOST_COOLDOWN_S}."
        )
    return int(value)
