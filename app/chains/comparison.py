"""What a chain is compared with beside its open interest: the close before, or some minutes ago.

Prices of another moment are asked for by pages that show a change of price; who does not, is not
sent them.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from app.cache import Cache, Region
from app.chains.bodies import Packed
from app.chains.history import History
from db.market.calendar import LONGEST_CLOSURE
from db.market.clock import IST

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.chain import StoredOption

# late rows come, and history is corrected
_KEPT_S = 300.0
# a snapshot that is nearer to what is meant may still be on its way
_LATE_S = 1.0
_INSTANT_BYTES = 80
_NOTHING: dict[str, Any] = {
    **{"at": None, "expiry": None, "contracts": 0, "oi_known": 0},
    **{"pcr": None, "pcr_volume": None, "max_pain": None, "legs": []},
}


class Comparisons:
    """Keeps the bodies that were asked for lately; a crowd makes one read."""

    def __init__(self, source: History, cache: Cache) -> None:
        self._source = source
        self._instants: Region[datetime | None] = cache.values(
            "compared instants", lambda _: _INSTANT_BYTES
        )
        self._bodies = cache.bodies("comparisons")

    def body(self, exchange: str, at: datetime | None, minutes: int | None) -> Packed:
        """What the chain of `at` (aware) is compared with, as JSON.

        It is the chain `minutes` before, or without them the close of the day before. Raises the
        errors of a missing database.
        """
        instant = None if at is None else self._instant(exchange, at, minutes)
        if instant is None:
            return Packed.of(_NOTHING)

        def read() -> bytes:
            with self._source.history() as connection:
                return Packed.of(moment_of(connection, exchange, instant)).kept

        return Packed(self._bodies.get((exchange, instant), _KEPT_S, read))

    def _instant(self, exchange: str, at: datetime, minutes: int | None) -> datetime | None:
        def read() -> datetime | None:
            with self._source.history() as connection:
                return baseline_instant(connection, exchange, at, minutes)

        return self._instants.get((exchange, at, minutes), _LATE_S, read)


def baseline_instant(
    connection: "Connection", exchange: str, at: datetime, minutes: int | None
) -> datetime | None:
    """The snapshot that stands for `minutes` before `at`, or for the close before its day."""
    from app.analytics.baselines import baseline_position
    from db.queries.snapshots import instant_at, instants

    if minutes is None:
        midnight = datetime.combine(at.astimezone(IST).date(), time.min, IST)
        found = instant_at(connection, exchange, midnight - timedelta(microseconds=1))
        return None if found is None or found < midnight - LONGEST_CLOSURE else found
    span = timedelta(minutes=minutes)
    known = instants(connection, exchange, at - 2 * span, at)
    place = baseline_position(known, at, minutes)
    return None if place is None else known[place]


def moment_of(connection: "Connection", exchange: str, at: datetime) -> dict[str, Any]:
    """Prices of a stored chain by contract, with what its open interest said then.

    `legs` holds strike, side, price and OI of each. A strike of another `expiry` is another
    contract.
    """
    from db.queries.chain import chain_at

    rows = chain_at(connection, exchange, at)
    return {
        "at": at.isoformat(),
        "expiry": _expiry(rows),
        "contracts": len(rows),
        "oi_known": sum(row.oi is not None for row in rows),
        **_said(rows),
        "legs": [[row.strike, row.option_type, row.ltp, row.oi] for row in rows],
    }


def _expiry(rows: "Sequence[StoredOption]") -> str | None:
    from db.market.clock import expiry_from_seconds

    for row in rows:
        if row.expiry is not None:
            return row.expiry.isoformat()
        if row.time_to_expiry_seconds is not None:
            return expiry_from_seconds(row.timestamp, row.time_to_expiry_seconds).isoformat()
    return None


def _said(rows: "Sequence[StoredOption]") -> dict[str, float | None]:
    import numpy as np

    from app.analytics.open_interest import max_pain, put_call_ratio

    is_call = np.array([row.option_type == "CE" for row in rows], dtype=np.bool_)
    oi = np.array([row.oi for row in rows], dtype=np.float64)
    volume = np.array([row.volume for row in rows], dtype=np.float64)
    found = {
        "pcr": put_call_ratio(is_call, oi),
        "pcr_volume": put_call_ratio(is_call, volume),
        "max_pain": max_pain([row.strike for row in rows], is_call, oi),
    }
    return {name: float(value) if np.isfinite(value) else None for name, value in found.items()}
