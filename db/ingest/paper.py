"""Writing what users trade on paper; the caller's transaction holds an order together."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam

from db.schema.market_time import MarketTime
from db.watched import named_text


@dataclass(frozen=True, slots=True)
class KeptPosition:
    """A user's position as it is from now on; `opened` counts where it was flat before."""

    owner: str
    symbol: str
    expiry: date
    exchange: str
    strike: float
    option_type: str
    lot_size: int
    units: int
    average_price: float | None
    realised: float
    opened: datetime


def lock_owner(connection: Connection, owner: str) -> None:
    """Let no other order of this user in until the transaction ends."""
    _run(connection, "lock", {"owner": owner})


def add_order(
    connection: Connection,
    owner: str,
    key: str,
    kind: str,
    asked: str,
    rests_until: datetime | None = None,
) -> int:
    """Keep an order, filled or (with a moment of market time) resting until then; its id."""
    status = "filled" if rests_until is None else "resting"
    binds = {"owner": owner, "key": key, "kind": kind, "asked": asked}
    return int(
        _run(connection, "add_order", {**binds, "status": status, "ends": rests_until}).scalar_one()
    )


def end_resting(connection: Connection, owner: str, order_id: int, status: str) -> str | None:
    """Let an order rest no more; its key, or None where it did not rest."""
    binds = {"owner": owner, "order_id": order_id, "status": status}
    key: str | None = _run(connection, "end_resting", binds).scalar_one_or_none()
    return key


def keep_position(connection: Connection, position: KeptPosition) -> int:
    """Keep what a user holds of a contract now; the position's id."""
    return int(_run(connection, "keep_position", asdict(position)).scalar_one())


def add_fill(connection: Connection, **fill: Any) -> None:
    """Keep a fill under the names of `paper_fills`."""
    _run(connection, "add_fill", fill)


def note_metric(connection: Connection, **metric: Any) -> None:
    """Keep a fill where the old system's programs look: in `paper_trading_metrics`."""
    _run(connection, "note_metric", metric)


def _run(connection: Connection, name: str, binds: dict[str, Any]) -> Any:
    clause = named_text("db.ingest", "paper", name)
    instants = [bind for bind in ("timestamp", "opened", "ends") if bind in binds]
    typed = clause.bindparams(*(bindparam(bind, type_=MarketTime) for bind in instants))
    return connection.execute(typed, binds)
