"""The five operations that take longest now."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Slowest now"
_MOST = 5


def show(view: View) -> Mapping[str, Any]:
    """Of everything but ages."""
    found = view.of("step", "route", "query", "pool", "socket")[:_MOST]
    return {"operations": found, "is_of_all": view.is_of_all}
