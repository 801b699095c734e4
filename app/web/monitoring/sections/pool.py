"""Database connections of this process: in use, at rest, and how long they are waited for."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.state import pools
from app.web.monitoring.view import View

TITLE = "Connections"


def show(view: View) -> Mapping[str, Any]:
    """Pools, and what waiting for them takes."""
    return {"pools": pools(), "waits": view.of("pool")}
