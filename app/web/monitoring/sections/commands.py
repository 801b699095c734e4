"""Commands of the administrator: when each ran last, how long it took, and what failed."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Commands"
PART = "commands"


def show(view: View) -> Mapping[str, Any] | None:
    """A row a command that ever ran, the last one first."""
    found = view.parts[PART].value
    return {"runs": found} if found else None
