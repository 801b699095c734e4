"""Policies: the toolkit's own and TimescaleDB's, when they ran and how that went."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Jobs"
PART = "work"


def show(view: View) -> Mapping[str, Any] | None:
    """What needs a hand first."""
    found = view.parts[PART].value.policies
    rows = [{**policy, "word": word(policy)} for policy in found]
    rows.sort(key=lambda row: row["word"] == "ok")
    return {"policies": rows} if rows else None


def word(policy: Mapping[str, Any]) -> str:
    """A job's state in a word."""
    if policy["is_paused"]:
        return "paused"
    if policy["last_status"] == "error":
        return "failing"
    return "late" if policy["is_overdue"] else "ok"
