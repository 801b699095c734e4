"""What came of predictions, by the very rules by which models are taught, at any hour they came."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from app.signals.frame import instant_of, stored_frame
from app.signals.labels import Rules, labels
from db.ingest.signals import Outcome, settle
from db.queries.signals import Unsettled, unsettled

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOOK_BACK = timedelta(hours=8)
_AFTER = timedelta(minutes=1)


def settle_predictions(connection: "Connection", exchange: str, now: datetime) -> int:
    """Write down the outcomes that are known by now; returns how many."""
    waiting = [
        each
        for each in unsettled(connection, exchange, now - _LOOK_BACK, now)
        if each.timestamp + timedelta(seconds=each.horizon_s) + _AFTER <= now
    ]
    if not waiting:
        return 0
    found = _outcomes(connection, exchange, waiting, now)
    settle(connection, exchange, found)
    return len(found)


def _outcomes(
    connection: "Connection", exchange: str, waiting: Sequence[Unsettled], now: datetime
) -> list[Outcome]:
    frame = stored_frame(connection, exchange, waiting[0].timestamp, now)
    by_rules: dict[Rules, list[Unsettled]] = defaultdict(list)
    for each in waiting:
        by_rules[Rules(each.horizon_s, each.width, each.cost_bps)].append(each)
    found: list[Outcome] = []
    for rules, rows in by_rules.items():
        made = labels(frame, rules, nights=True)
        for row in rows:
            at = np.flatnonzero(frame.instants == instant_of(row.timestamp))
            if len(at) and made.is_known[at[0]]:
                place = at[0]
                found.append(Outcome(row.timestamp, int(made.side[place]), float(made.move[place])))
    return found
