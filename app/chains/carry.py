"""What the forward of a stored chain was over its index, shortly before a moment without one."""

from collections.abc import Sequence
from datetime import datetime, time
from math import inf, nan
from typing import TYPE_CHECKING

from db.market.calendar import Instrument, session
from db.market.clock import IST

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.market.ticks import OptionColumns
    from db.queries.chain import LatestOption, StoredOption

    Rows = Sequence[StoredOption | LatestOption]


def is_wanted(at: datetime, index: float | None) -> bool:
    """Whether it is asked for: while the index is unknown, or stands still though options trade."""
    from app.analytics.forward import stands_still

    return index is None or stands_still(at)


def carry_before(connection: "Connection", exchange: str, at: datetime) -> float:
    """For `levels`, as the collector remembers it; NaN where nothing is stored of the hour before.

    Costs two reads: ask `is_wanted` before.
    """
    from app.analytics.forward import CARRY_LASTS
    from app.analytics.valuation import carried
    from db.queries.chain import chain_at
    from db.queries.snapshots import index_known_at

    day = at.astimezone(IST).date()
    since = max(at - CARRY_LASTS, datetime.combine(day, time(), IST))
    hours = session(day, Instrument.INDEX)
    before = at if hours is None else min(at, hours.closes)
    instant = index_known_at(connection, exchange, since, before)
    if instant is None:
        return nan
    rows = chain_at(connection, exchange, instant)
    then = known_index(rows)
    options = options_of(rows)
    return nan if then is None or options is None else carried(options, instant, then)


def known_index(rows: "Rows") -> float | None:
    """As `live_edge.known_price` has it: what is none of a market's prices is unknown."""
    told = (row.underlying_price for row in rows if row.underlying_price is not None)
    return max((price for price in told if 0 < price < inf), default=None)


def options_of(rows: "Sequence[StoredOption]") -> "OptionColumns | None":
    """The contracts whose expiry is known, as columns; None where it is of none."""
    from db.market.rows import columns_of
    from db.market.ticks import OptionColumns, field_names
    from db.queries.chain import expiry_of

    known = [row._replace(expiry=expiry) for row in rows if (expiry := expiry_of(row)) is not None]
    if not known:
        return None
    names = field_names(OptionColumns)
    return columns_of(OptionColumns, [[getattr(row, name) for name in names] for row in known])
