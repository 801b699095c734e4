"""What models said of an exchange's chain, and what came of it."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from db.market.limits import SIGNAL_HOLDS_S
from db.queries.statements import fetch, fetch_one, scalar

_HOLDS = timedelta(seconds=SIGNAL_HOLDS_S)


class Signal(NamedTuple):
    """What was said last; without a `signal` the `rationale` says why there is none."""

    timestamp: datetime | None
    model_id: str | None
    signal: str | None
    confidence: float | None
    p_sell: float | None
    p_hold: float | None
    p_buy: float | None
    rationale: str
    horizon_s: int | None
    latency_ms: float | None


class SignalRun(NamedTuple):
    """The same signal from `timestamp` to `ends`; all else is of its first snapshot.

    `outcome` and `feedback` are −1, 0 or 1 once they are known.
    """

    timestamp: datetime
    ends: datetime
    signal: str
    confidence: float
    rationale: str
    horizon_s: int
    outcome: int | None
    feedback: int | None


class LastSide(NamedTuple):
    """When BUY or SELL was told."""

    timestamp: datetime
    signal: str


class Unsettled(NamedTuple):
    """A prediction whose outcome is not known, with its barriers."""

    timestamp: datetime
    horizon_s: int
    width: float
    cost_bps: float


class QualityDay(NamedTuple):
    """A day's predictions whose outcome is known: of those `told` (BUY or SELL) so many `hits`.

    They lie in so many `stretches`, each a horizon long: what is told within one shares what comes.
    `said` is the chance that these were given on average, None without any; `anyway` how many hits
    the same sides would have had by how often they came on that day; `brier_anyway` the Brier score
    of who says the day's shares each time.
    """

    day: date
    settled: int
    told: int
    stretches: int
    said: float | None
    hits: int
    anyway: float
    brier: float
    brier_anyway: float


def latest_signal(connection: Connection, exchange: str) -> Signal | None:
    """The newest signal of an exchange key, or why there is none; None where none was ever."""
    return fetch_one(connection, Signal, "signals", "latest", exchange=exchange)


def signal_at(connection: Connection, exchange: str, at: datetime) -> Signal | None:
    """The signal that stood at a past moment; None where none did."""
    return fetch_one(
        connection, Signal, "signals", "as_of", exchange=exchange, start=at - _HOLDS, end=at
    )


def signal_runs(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[SignalRun, ...]:
    """What was said from `start` to before `end`, oldest first; a pause ends a run."""
    binds = {"exchange": exchange, "start": start, "end": end, "holds_s": SIGNAL_HOLDS_S}
    return fetch(connection, SignalRun, "signals", "runs", **binds)


def last_side(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> LastSide | None:
    """The newest BUY or SELL after `start` and up to `end`."""
    binds = {"exchange": exchange, "start": start, "end": end}
    return fetch_one(connection, LastSide, "signals", "last_side", **binds)


def unsettled(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[Unsettled, ...]:
    """Predictions after `start` and up to `end` of which the outcome is not known."""
    binds = {"exchange": exchange, "start": start, "end": end}
    return fetch(connection, Unsettled, "signals", "unsettled", **binds)


def signal_quality(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[QualityDay, ...]:
    """What came of the predictions, by day."""
    binds = {"exchange": exchange, "start": start, "end": end}
    return fetch(connection, QualityDay, "signals", "quality", **binds)


def signal_drift(connection: Connection, exchange: str) -> dict[str, Any] | None:
    """By input, how far its population has moved since the model was trained."""
    found: dict[str, Any] | None = scalar(connection, "signals", "drift", {"exchange": exchange})
    return found
