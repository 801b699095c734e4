"""Objectives that burn, and those that burned lately."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Budgets that burned"
PART = "latest"


def show(view: View) -> Mapping[str, Any] | None:
    """The newest; nothing where there were none."""
    found = view.parts[PART].value["alerts"]
    return {"alerts": found} if found else None
