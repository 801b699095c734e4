"""Whether a rule fires, from what its figures were and what they are: pure, and nothing is asked.

A rule rings on the edge: when a figure goes beyond its level, and then not again before it has
come back by a margin, or is back at all when the pause after the last ring is over. A figure that
is unknown changes nothing. What is beyond already when watching begins is noted and does not ring.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.desk.alerts.rules import Rule

Figures = Mapping[str, float | None]
"""By what it is a figure of ("" where there is one only); None while it is unknown."""

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What is known at one look: the figures, and the expiry that the chain is of.

    `is_first` says that nobody was watching until now; `since_fired_s` is None before the first
    time.
    """

    figures: Figures
    expiry: str | None = None
    is_first: bool = False
    since_fired_s: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state to remember; what rings now, and what only is to be noted, each with its figure."""

    state: State
    fired: Mapping[str, float]
    noted: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Margin:
    """How far a figure must come back: a share of the level, and never less than that."""

    share: float = 0.0
    least: float = 0.0

    def of(self, level: float) -> float:
        return max(self.share * level, self.least)


_MARGINS: Mapping[str, _Margin] = {
    "oi_change": _Margin(share=0.1),
    "pcr": _Margin(share=0.01),
    "price": _Margin(share=0.0005),
    "iv": _Margin(share=0.01, least=0.1),
    "straddle": _Margin(share=0.005),
    "age": _Margin(),
    "feed": _Margin(),
}


def judged(rule: Rule, state: State | None, look: Look) -> Verdict:
    """What comes of a look at a rule whose state was that (None: it was never looked at)."""
    known = {key: value for key, value in look.figures.items() if value is not None}
    if not known:
        return Verdict(state if state is not None else {}, {}, {})
    if rule.kind == "max_pain":
        return _moved(rule, state or {}, known[""], look)
    return _crossed(rule, state or {}, known, look)


def _crossed(rule: Rule, state: State, known: Mapping[str, float], look: Look) -> Verdict:
    is_first = look.is_first or "beyond" not in state
    is_pause_over = _is_pause_over(rule, look)
    excess_of = _excess(rule)
    excess = {key: excess_of(value) for key, value in known.items()}
    needed = 0.0 if is_pause_over else _MARGINS[rule.kind].of(rule.params.get("level", 0.0))
    # what is unknown stays what it was; what the chain no longer holds is forgotten
    still = {
        key
        for key in state.get("beyond", ())
        if key in look.figures and (key not in excess or excess[key] >= 0 or -excess[key] < needed)
    }
    fresh = [key for key, over in excess.items() if over >= 0 and key not in still]
    # within the pause nothing rings; what is still beyond when it is over does then
    told = {key: known[key] for key in sorted(fresh)} if is_first or is_pause_over else {}
    return Verdict(
        state={"beyond": sorted(still | set(told))},
        fired={} if is_first else told,
        noted=told if is_first else {},
    )


def _is_pause_over(rule: Rule, look: Look) -> bool:
    return look.since_fired_s is None or look.since_fired_s >= rule.cooldown_s


def _excess(rule: Rule) -> Callable[[float], float]:
    """What tells how far beyond its level a figure is; negative on this side of it."""
    level: float = rule.params.get("level", 1.0)
    match rule.params.get("direction"):
        case "below":
            return lambda value: level - value
        case "down":
            return lambda value: -value - level
        case "either":
            return lambda value: abs(value) - level
        case _:
            return lambda value: value - level


def _moved(rule: Rule, state: State, value: float, look: Look) -> Verdict:
    """Max pain against where it was when it last rang; of another expiry it begins anew."""
    begun = {"reference": value, "expiry": look.expiry}
    if look.is_first or "reference" not in state or state.get("expiry") != look.expiry:
        return Verdict(begun, {}, {})
    is_near = abs(value - state["reference"]) < rule.params["level"]
    if is_near or not _is_pause_over(rule, look):
        return Verdict(state, {}, {})
    return Verdict(begun, {"": value}, {})
