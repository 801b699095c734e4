"""Each objective: what it promises, how it is now and was, what is left of its error budget."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app.telemetry.budgets import Budget, budgets
from app.web.monitoring.sparks import drawn
from app.web.monitoring.view import View

if TYPE_CHECKING:
    from app.telemetry.objectives import Objective, Objectives
    from db.queries.performance import TrendPoint

TITLE = "Objectives"
_HOUR_POINTS, _DAY_POINTS = 60, 96


def show(view: View) -> Mapping[str, Any]:
    """A row an objective."""
    telemetry = view.services.telemetry
    known = telemetry.alarms.budgets or budgets(telemetry.objectives, ())
    trends = view.parts["trends"].value or {"hour": (), "day": ()}
    hour = _trends(telemetry.objectives, trends["hour"], _HOUR_POINTS)
    day = _trends(telemetry.objectives, trends["day"], _DAY_POINTS)
    return {"rows": [_row(view, budget, hour, day) for budget in known]}


def _row(view: View, budget: Budget, hour: "_Trends", day: "_Trends") -> Mapping[str, Any]:
    objective = budget.objective
    return {
        "id": objective.id,
        "label": objective.label,
        "within_ms": objective.within_ms,
        "share": objective.share,
        "now_ms": _now(view, objective),
        "hour": drawn(hour.get(objective.id, []), objective.within_ms),
        "day": drawn(day.get(objective.id, []), objective.within_ms),
        "left": [budget.of(window).left(objective) for window in ("1h", "1d", "30d")],
        "word": budget.word,
    }


_Trends = dict[str, list[float | None]]


def _now(view: View, objective: "Objective") -> float | None:
    """The slowest 95th percentile of what it covers."""
    values = [
        each.p95_ms
        for each in view.operations
        if view.services.telemetry.objectives.of((each.kind, each.name)) == objective  # type: ignore[arg-type]
    ]
    return max((value for value in values if value is not None), default=None)


def _trends(objectives: "Objectives", found: "Iterable[TrendPoint]", points: int) -> _Trends:
    """By objective, oldest first; None where nothing happened."""
    trends: _Trends = {}
    for each in found:
        objective = objectives.of((each.kind, each.name))  # type: ignore[arg-type]
        if objective is None or each.p95_ms is None or not 0 <= each.steps_ago < points:
            continue
        line = trends.setdefault(objective.id, [None] * points)
        place = points - 1 - each.steps_ago
        line[place] = max(line[place] or 0.0, each.p95_ms)
    return trends
