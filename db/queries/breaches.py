"""Changes of open interest beyond their thresholds, as history saw them happen."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.limits import CHANGE_THRESHOLDS_PCT
from db.market.ticks import OptionType
from db.queries.statements import fetch


class Breach(NamedTuple):
    """A contract whose OI change over `minutes` went beyond the threshold at `timestamp`.

    `oi_change` is in units, None where everything was closed.
    """

    timestamp: datetime
    strike: float
    option_type: OptionType
    minutes: int
    pct_change: float
    oi_change: int | None


def breaches(
    connection: Connection, exchange: str, start: datetime, end: datetime, most: int
) -> tuple[Breach, ...]:
    """The newest `most` breaches from `start` to `end` (aware, included), newest first.

    A contract's first snapshot of that span only says where it stood.
    """
    return fetch(
        connection,
        Breach,
        "breaches",
        "breaches",
        exchange=exchange,
        start=start,
        end=end,
        minutes=list(CHANGE_THRESHOLDS_PCT),
        thresholds=list(CHANGE_THRESHOLDS_PCT.values()),
        most=most,
    )
