"""What became slower or faster than on the same day of last week."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Against last week"
PART = "weeks"
REGRESSION = 1.3
"""Times the mean of a week before: from then on it is pointed out."""

_SMALLEST_MS = 1.0
_MOST = 12


def show(view: View) -> Mapping[str, Any] | None:
    """What changed by much, the worst first."""
    found = [
        {"kind": each.kind, "name": each.name, "now": each.mean_ms, "before": each.mean_ms_before}
        | {"times": each.mean_ms / each.mean_ms_before}
        for each in view.parts[PART].value
        if each.mean_ms_before > 0 and each.mean_ms >= _SMALLEST_MS
    ]
    changed = [row for row in found if row["times"] >= REGRESSION or row["times"] <= 1 / REGRESSION]
    changed.sort(key=lambda row: row["times"], reverse=True)
    return {"rows": changed[:_MOST], "limit": REGRESSION} if changed else None
