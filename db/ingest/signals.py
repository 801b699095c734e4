"""Writing signals: what a model says, what came of it, and what a trader says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, bindparam

from db.notices import announce
from db.schema.market_time import MarketTime
from db.watched import named_text

TOPIC = "signals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model says at a snapshot's instant (aware); chances are those of the three outcomes.

    `width` and `cost_bps` are those of the barriers that it speaks of.
    """

    exchange: str
    timestamp: datetime
    model_id: str
    signal: str
    confidence: float
    p_sell: float
    p_hold: float
    p_buy: float
    rationale: str
    horizon_s: int
    width: float
    cost_bps: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the index did after a prediction: the side (−1, 0, 1) and by how much (a share)."""

    timestamp: datetime
    side: int
    move: float


def write_prediction(connection: Connection, made: Prediction, *, is_news: bool) -> None:
    """Keep and show a prediction; announce it where it says something else than the last one."""
    given = asdict(made)
    connection.execute(_statement("predict"), given)
    shown = {name: value for name, value in given.items() if name not in ("width", "cost_bps")}
    connection.execute(_statement("show"), shown)
    if is_news:
        announce(connection, TOPIC, None, exchange=made.exchange, signal=made.signal)


def write_absence(connection: Connection, exchange: str, why: str) -> None:
    """Show that there is no signal, and why."""
    names = (
        *("timestamp", "model_id", "signal", "confidence", "p_sell", "p_hold", "p_buy"),
        *("horizon_s", "latency_ms"),
    )
    given = {**dict.fromkeys(names), "exchange": exchange, "rationale": why}
    connection.execute(_statement("show"), given)


def settle(connection: Connection, exchange: str, outcomes: Iterable[Outcome]) -> None:
    """Write down what came of predictions."""
    rows = [
        {"exchange": exchange, "timestamp": o.timestamp, "outcome": o.side, "move": o.move}
        for o in outcomes
    ]
    if rows:
        connection.execute(_statement("settle"), rows)


def give_feedback(connection: Connection, exchange: str, at: datetime, outcome: int) -> bool:
    """Keep what a trader says that came of a signal; False where there was none."""
    given = {"exchange": exchange, "timestamp": at, "outcome": outcome}
    return connection.scalar(_statement("feedback"), given) is not None


def note_not_followed(
    connection: Connection,
    exchange: str,
    at: datetime,
    signal: str,
    confidence: float | None,
    why: str,
    *,
    violates: bool,
) -> None:
    """Keep that a signal was not followed on paper; `violates`: a limit of ours forbade it."""
    given = {
        "timestamp": at,
        "exchange": exchange,
        "signal": signal,
        "confidence": confidence,
        "why": why,
        "violates": violates,
    }
    connection.execute(_statement("not_followed"), given)


def write_drift(
    connection: Connection, exchange: str, model_id: str, drift: Mapping[str, Any]
) -> None:
    """Show how far the inputs of the model that is shown have moved."""
    given = {
        "exchange": exchange,
        "model_id": model_id,
        "drift": orjson.dumps(dict(drift)).decode(),
    }
    connection.execute(_statement("drift"), given)


def _statement(name: str) -> TextClause:
    clause = named_text("db.ingest", "signals", name)
    instants = [bindparam("timestamp", type_=MarketTime)] if ":timestamp" in clause.text else []
    return clause.bindparams(*instants)
