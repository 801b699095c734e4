"""Steps: of this process's start-up, and of the collector's and the desk's work."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View

TITLE = "Steps"


def show(view: View) -> Mapping[str, Any]:
    """Start-up in its order, then what happens again and again, the slowest first."""
    return {
        "starting": view.services.telemetry.steps.shown(),
        "operations": [each for each in view.of("step") if not each.name.startswith("start: ")],
    }
