"""What the caches of this process give, and hold."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.state import caches
from app.web.monitoring.view import View

TITLE = "Caches"


def show(view: View) -> Mapping[str, Any]:
    """One row a cache."""
    return {"caches": caches(), "problem": view.services.cache.problem()}
