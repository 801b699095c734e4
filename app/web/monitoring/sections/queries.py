"""Statements by name, the slowest first, each with its plan where it has one."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Statements"


def show(view: View) -> Mapping[str, Any]:
    """What was asked in the last minute, and whose plan can be shown."""
    from db.queries.plans import known_statements

    return {"operations": view.of("query"), "planned": known_statements()}
