"""What belongs to a snapshot beside its contracts: features, future, VIX, last known state."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, and_, bindparam, func
from sqlalchemy.dialects.postgresql import Insert, insert

from db.market.clock import to_naive_ist
from db.market.ticks import EnrichedSnapshot, SnapshotContext
from db.schema import exchange_metadata, ml_features
from db.watched import named

_KEY = ("timestamp", "exchange")
_SUMMARY_FEATURES = {
    "itm_oi_ce_pct_change": "itm_oi_ce_pct_change_3m_wavg",
    "itm_oi_pe_pct_change": "itm_oi_pe_pct_change_3m_wavg",
    "percent_oichange_fut_3m": "percent_oichange_fut_3m",
    "atm_shift_intensity": "atm_shift_intensity",
    "itm_ce_breadth": "itm_ce_breadth",
    "itm_pe_breadth": "itm_pe_breadth",
}


def feature_row(snapshot: SnapshotContext) -> Mapping[str, Any]:
    """The row of ml_features that a snapshot implies.

    What has no column of its own is kept in `feature_payload` only: features by their names, and
    under "told" what the head line says beside them.
    """
    known = {
        "underlying_price": snapshot.underlying_price,
        "underlying_future_price": snapshot.future_price,
        "underlying_future_oi": snapshot.future_oi,
        "vix": snapshot.vix,
    } | {name: value for name, value in snapshot.features.items() if name in ml_features.c}
    return {
        **known,
        "timestamp": snapshot.timestamp,
        "exchange": snapshot.exchange,
        "feature_payload": orjson.dumps(
            {**snapshot.features, "told": _told(snapshot)}, option=orjson.OPT_SERIALIZE_NUMPY
        ).decode(),
    }


def _told(snapshot: SnapshotContext) -> dict[str, Any]:
    """What is known of a snapshot that no column of history holds."""
    at = snapshot.underlying_at
    told = {
        "source": snapshot.source,
        "future_symbol": snapshot.future_symbol,
        "underlying_at": None if at is None else to_naive_ist(at).isoformat(),
        "lot_size": snapshot.lot_size,
    }
    return {name: value for name, value in told.items() if value is not None}


def write_features(connection: Connection, snapshot: SnapshotContext) -> None:
    """Upsert the snapshot's row of ml_features."""
    row = feature_row(snapshot)
    connection.execute(_feature_upsert(frozenset(row)), row)


def write_metadata(connection: Connection, snapshot: SnapshotContext) -> None:
    """Upsert the exchange's last known state, unless a newer one is there.

    An instant beyond the horizon of the database's clock counts as older than any.
    """
    row = {
        "exchange": snapshot.exchange,
        "last_update_time": snapshot.timestamp,
        "last_atm_strike": snapshot.atm_strike,
        "last_underlying_price": snapshot.underlying_price,
        "last_future_price": snapshot.future_price,
        "last_future_oi": snapshot.future_oi,
    }
    connection.execute(_metadata_upsert(), row)


@cache
def _feature_upsert(columns: frozenset[str]) -> Insert:
    statement = insert(ml_features).values({name: bindparam(name) for name in columns})
    replaced = {name: statement.excluded[name] for name in columns.difference(_KEY)}
    upsert = statement.on_conflict_do_update(index_elements=_KEY, set_=replaced)
    return named(upsert, "ingest.features")


@cache
def _metadata_upsert() -> Insert:
    given: dict[str, Any] = {
        column.name: bindparam(column.name)
        for column in exchange_metadata.c
        if column.name != "updated_at"
    }
    statement = insert(exchange_metadata).values({**given, "updated_at": func.now()})
    newer, horizon = statement.excluded, func.live_edge.horizon()
    known_at = exchange_metadata.c.last_update_time
    upsert = statement.on_conflict_do_update(
        index_elements=["exchange"],
        set_={name: newer[name] for name in (*given, "updated_at") if name != "exchange"},
        where=and_(
            newer.last_update_time <= horizon,
            func.live_edge.supersedes(newer.last_update_time, known_at, horizon),
        ),
    )
    return named(upsert, "ingest.metadata")


def summary_context(snapshot: EnrichedSnapshot) -> str:
    """What the head line shows beside the chain, as JSON with columns of chain_summary.

    Without features it names none of theirs, so that those of the last snapshot stay.
    """
    at = snapshot.underlying_at
    context: dict[str, float | int | str | None] = {
        "underlying_at": None if at is None else to_naive_ist(at).isoformat(),
        "future_price": snapshot.future_price,
        "future_oi": snapshot.future_oi,
        "future_symbol": snapshot.future_symbol,
        "vix": snapshot.vix,
        "lot_size": snapshot.lot_size,
        "atm_strike": snapshot.atm_strike,
        "forward": snapshot.forward,
        "source": snapshot.source,
        "has_changes": snapshot.has_changes,
    }
    features = {
        column: snapshot.features.get(feature) for column, feature in _SUMMARY_FEATURES.items()
    }
    shown = {**context, **features} if snapshot.features else context
    return orjson.dumps(shown, option=orjson.OPT_SERIALIZE_NUMPY).decode()
