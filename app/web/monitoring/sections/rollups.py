"""Rollups: up to when each is materialized, and what waits to be."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Rollups"
PART = "work"


def show(view: View) -> Mapping[str, Any] | None:
    """A row a rollup."""
    found = view.parts[PART].value.rollups
    return {"rollups": found} if found else None
