"""Each chain: how old it is, what its feed is at, and which collector writes it."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.view import View
from db.market.exchanges import EXCHANGES
from db.market.limits import SLOW_AFTER_S, STALE_AFTER_S

TITLE = "Feed"
PART = "collectors"
LEASE_LOST_S = 5.0
"""A lease that was not renewed for so long has no collector behind it."""


def show(view: View) -> Mapping[str, Any]:
    """A row an exchange key, of which there ever was a chain."""
    leases = {each.exchange: each for each in view.parts[PART].value or ()}
    states, feeds = view.services.states, view.services.feeds
    words = feeds.words(EXCHANGES)
    rows = []
    for key, exchange in EXCHANGES.items():
        state, lease = states.fresh(key), leases.get(key)
        if state is None and lease is None and key not in words:
            continue
        status = None if state is None else state.status()
        age_s = None if state is None else state.age_s()
        rows.append(
            {
                "label": exchange.label,
                "age_s": age_s,
                "status": status,
                "word": _word(status, age_s),
                "feed": words.get(key),
                "holder": None if lease is None else lease.holder,
                "is_led": lease is not None and lease.renewed_s < LEASE_LOST_S,
            }
        )
    return {"rows": rows, "viewers": view.services.live.hub.count()}


def _word(status: str | None, age_s: float | None) -> str:
    if status not in ("live", "stale") or age_s is None:
        return "–"
    if age_s > STALE_AFTER_S:
        return "failing"
    return "slow" if age_s > SLOW_AFTER_S else "ok"
