"""The time axis of a day's series."""

from datetime import date
from typing import Any

from db.market.calendar import Instrument, session


def axis(day: date | None, times: list[str]) -> dict[str, Any]:
    """The day and the bounds of its axis, 'HH:MM' in IST; `auction` is where the index stands.

    The bounds are the day's session, widened to what is stored beyond it: a simulated market keeps
    no hours.
    """
    hours = None if day is None else session(day)
    index = None if day is None else session(day, Instrument.INDEX)
    known = [] if hours is None else [f"{end:%H:%M}" for end in (hours.opens, hours.closes)]
    extent = [*known, *(moment[:5] for moment in (*times[:1], *times[-1:]))]
    stands = index is not None and index.prints > index.closes
    return {
        "day": None if day is None else day.isoformat(),
        "open": min(extent, default=None),
        "close": max(extent, default=None),
        "auction": [f"{index.closes:%H:%M}", f"{index.prints:%H:%M}"] if index and stands else None,
    }
