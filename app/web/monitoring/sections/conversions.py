"""Conversions of tables that are under way."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Conversions"
PART = "work"


def show(view: View) -> Mapping[str, Any] | None:
    """Those that have not ended."""
    found = [each for each in view.parts[PART].value.conversions if each.ended_at is None]
    return {"conversions": found} if found else None
