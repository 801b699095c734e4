"""Signals by key: how often a told side came, against how often it came anyway, and calibration."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.web.monitoring.sparks import drawn
from app.web.monitoring.view import View
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from app.signals.standing import Standing

TITLE = "Signals"
PART = "signals"


def show(view: View) -> Mapping[str, Any] | None:
    """A row a key whose model has told anything; days oldest first."""
    found: Mapping[str, Standing] = view.parts[PART].value
    rows = [_row(key, its) for key, its in found.items() if its.days or its.drift]
    return {"rows": rows} if rows else None


def _row(key: str, its: "Standing") -> Mapping[str, Any]:
    days, record = its.days, its.record
    settled = sum(day.settled for day in days)
    hits = [day.hits / day.told if day.told else None for day in days]
    brier_anyway = _mean(days, "brier_anyway", settled)
    return {
        "label": EXCHANGES[key].label,
        "days": len(days),
        "record": record,
        "brier": _mean(days, "brier", settled),
        "brier_anyway": brier_anyway,
        "hits_by_day": drawn(hits, record.anyway),
        "brier_by_day": drawn([day.brier for day in days], brier_anyway),
        "drifted": [each.label for each in its.drift if each.is_much],
        "advice": its.advice,
    }


def _mean(days: Any, name: str, settled: int) -> float | None:
    """Over predictions, not over days."""
    return sum(getattr(day, name) * day.settled for day in days) / settled if settled else None
