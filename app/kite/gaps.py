"""Which minutes of a session history lacks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.kite.candles import MINUTE
from db.market.calendar import Session

_INTERVALS = 2


def missing_minutes(
    stored: Iterable[datetime], session: Session, until: datetime, interval_s: float
) -> list[datetime]:
    """The ends of minutes, ascending, that lie in a gap of what is stored of a session.

    A gap is a stretch of the session, up to `until`, that is longer than two snapshot intervals,
    and than a minute, without a stored instant. All moments are aware; minutes begin with the
    session.
    """
    longest = max(_INTERVALS * timedelta(seconds=interval_s), MINUTE)
    end = min(until, session.closes)
    within = sorted(at for at in stored if session.opens <= at <= end)
    found: list[datetime] = []
    for before, after in zip([session.opens, *within], [*within, None], strict=True):
        if (end if after is None else after) - before > longest:
            minute = session.opens + ((before - session.opens) // MINUTE + 1) * MINUTE
            while (minute <= end) if after is None else (minute < after):
                found.append(minute)
                minute += MINUTE
    return found


def stretches(minutes: Iterable[datetime]) -> list[list[datetime]]:
    """Minutes (ascending) divided where one does not follow the other."""
    found: list[list[datetime]] = []
    for minute in minutes:
        if found and minute - found[-1][-1] == MINUTE:
            found[-1].append(minute)
        else:
            found.append([minute])
    return found
