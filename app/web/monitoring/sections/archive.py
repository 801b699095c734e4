"""What was moved to the archive."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Archive"
PART = "storage"


def show(view: View) -> Mapping[str, Any] | None:
    """A row an archived table."""
    found = view.parts[PART].value.archives
    return {"archives": found} if found else None
