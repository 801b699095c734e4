"""Routes and links: how many in the last minute, and how long they took."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Routes and links"


def show(view: View) -> Mapping[str, Any]:
    """The slowest first."""
    return {"operations": view.of("route", "socket")}
