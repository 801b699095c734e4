"""How fast viewers get what they wait for: their first frame, and each newer state."""

import time

from app.chains.state import ChainState
from app.push.viewer import Viewer
from app.telemetry.timing import Operation, ended


def greeted(viewer: Viewer) -> None:
    """Something was sent to a viewer: the first time its link is established."""
    if not viewer.is_greeted:
        viewer.is_greeted = True
        ended(Operation("socket", "established", time.monotonic() - viewer.joined_at))


def sent(state: ChainState) -> None:
    """A state was offered to all who follow it, so long after its commit."""
    age_s = state.age_s()
    if age_s is not None:
        ended(Operation("socket", "commit to sent", age_s))
