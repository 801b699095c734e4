"""What an alert says, in one sentence that is heard as well as read."""

from collections.abc import Mapping
from typing import Any

from app.desk.alerts.judging import State
from app.desk.alerts.rules import Rule
from db.market.exchanges import EXCHANGES

_NAMED = 3
_DECIMALS = {"pcr": 2, "age": 0, "oi_change": 1}
_WORDS = {"above": "at or above", "below": "at or below"}


def fired(rule: Rule, figures: Mapping[str, float], before: State) -> str:
    """What has happened."""
    return f"{_subject(rule)} {_happened(rule, figures, before)}."


def noted(rule: Rule, figures: Mapping[str, float]) -> str:
    """What was so already when watching began."""
    told = _happened(rule, figures, {})
    return f"Watching began: {_subject(rule)} {told} already; it rings the next time."


def amount(value: float, decimals: int = 2) -> str:
    """A number as it is written in India: 12,34,567.89."""
    text = f"{abs(value):.{decimals}f}"
    whole, dot, rest = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    sign = "−" if value < 0 and float(text) else ""
    return sign + ",".join([*pairs, tail]) + dot + rest


def _subject(rule: Rule) -> str:
    label = EXCHANGES[rule.exchange].label
    params = rule.params
    contract = f"{params['strike']:g} {params['side']}" if "side" in params else ""
    names = {
        "oi_change": "OI",
        "pcr": "PCR",
        "max_pain": "max pain",
        "price": "price" if contract else "index",
        "iv": "IV" if contract else "ATM IV",
        "straddle": "ATM straddle",
        "age": "data",
        "feed": "feed",
    }
    shown = contract if contract and rule.kind != "oi_change" else ""
    return " ".join(part for part in (label, shown, names[rule.kind]) if part)


def _happened(rule: Rule, figures: Mapping[str, float], before: State) -> str:
    params: Mapping[str, Any] = rule.params
    value = next(iter(figures.values()))
    decimals = _DECIMALS.get(rule.kind, 2)
    match rule.kind:
        case "oi_change":
            return _changed(params, figures)
        case "max_pain":
            return f"has moved from {amount(before['reference'], 0)} to {amount(value, 0)}"
        case "age":
            return f"are {amount(value, 0)} s old, {amount(params['level'], 0)} s or more"
        case "feed":
            return f"is at: {params['word']}"
        case _:
            level = f"{_WORDS[params['direction']]} {amount(params['level'], decimals)}"
            return f"is {amount(value, decimals)}, {level}"


def _changed(params: Mapping[str, Any], figures: Mapping[str, float]) -> str:
    ordered = sorted(figures.items(), key=lambda each: -abs(each[1]))
    named = ", ".join(f"{key} {_change(value, params['unit'])}" for key, value in ordered[:_NAMED])
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return f"over {params['minutes']} minutes: {named}{more}"


def _change(value: float, unit: str) -> str:
    sign = "+" if value > 0 else ""
    return sign + (f"{amount(value, 1)} %" if unit == "percent" else amount(value, 0))
