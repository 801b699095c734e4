"""The size of the database, and of its hypertables."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Storage"
PART = "storage"


def show(view: View) -> Mapping[str, Any]:
    """The server, and a row a hypertable, largest first."""
    found = view.parts[PART].value
    return {"server": found.server, "hypertables": found.hypertables}
