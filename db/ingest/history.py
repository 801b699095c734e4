"""History in bulk: binary COPY past the row by row bookkeeping, which is then done set by set."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from db.binary_copy import COPY_FIELDS, encoded_chain
from db.ingest.context import feature_row
from db.ingest.copying import copy_into
from db.ingest.statements import statement
from db.market.clock import IST, to_naive_ist
from db.market.ticks import STORED_FIELDS, ChainColumns, EnrichedSnapshot, SnapshotContext
from db.schema import ml_features


def load_history(
    connection: Connection,
    columns: ChainColumns,
    snapshots: Sequence[SnapshotContext] = (),
) -> int:
    """Load rows of one exchange that history does not hold yet; returns how many.

    `snapshots` hold future, VIX and features of the same instants. Give a day or so at a time: a
    transaction's rows are kept in memory for its triggers. Raises IntegrityError for a contract
    and instant that is there already.
    """
    if len(columns) == 0:
        return 0
    _bulk_load(connection, "on")
    copy_into(connection, ("option_chain_snapshots",), COPY_FIELDS, encoded_chain(columns))
    _insert_features(connection, snapshots)
    _bulk_load(connection, "off")
    refresh_live_edge(connection, columns.exchange, columns.timestamp[0], columns.timestamp[-1])
    return len(columns)


def add_history(connection: Connection, snapshots: Sequence[EnrichedSnapshot]) -> int:
    """Load those snapshots of one exchange, ascending, whose instants history lacks.

    Returns how many those were. Until the transaction ends nobody else writes that exchange, so
    give some minutes at a time; the live edge goes on from what it shows.
    """
    if not snapshots:
        return 0
    exchange = snapshots[0].exchange
    window = {"first": snapshots[0].timestamp, "last": snapshots[-1].timestamp}
    # who writes a snapshot takes this lock first too: neither waits for a row of the other
    connection.execute(statement("lock"), {"exchange": exchange})
    rows = connection.execute(statement("stored_instants"), {"exchange": exchange, **window})
    stored = {instant.replace(tzinfo=IST) for instant in rows.scalars()}
    lacking = [each for each in snapshots if each.timestamp not in stored and len(each.options)]
    if lacking:
        load_history(connection, _chain_columns(exchange, lacking), lacking)
    return len(lacking)


def _chain_columns(exchange: str, snapshots: Sequence[EnrichedSnapshot]) -> ChainColumns:
    instants = np.array([to_naive_ist(each.timestamp) for each in snapshots], "datetime64[us]")
    given = {
        name: np.concatenate([getattr(each.options, name) for each in snapshots])
        for name in STORED_FIELDS
    }
    rows = np.repeat(instants, [len(each.options) for each in snapshots])
    return ChainColumns(exchange=exchange, timestamp=rows, **given)


def refresh_live_edge(
    connection: Connection, exchange: str, first: np.datetime64, last: np.datetime64
) -> None:
    """Bring `snapshots` in line with a window of history (naive IST), then the newest chain."""
    window = {"exchange": exchange, "first": _aware(first), "last": _aware(last)}
    connection.execute(statement("refresh_window"), window)
    connection.execute(statement("refresh_newest"), {"exchange": exchange})


def _insert_features(connection: Connection, snapshots: Iterable[SnapshotContext]) -> None:
    rows = [dict(feature_row(snapshot)) for snapshot in snapshots]
    if rows:
        names: set[str] = set().union(*rows)
        connection.execute(insert(ml_features), [_complete(row, names) for row in rows])


def _complete(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def _bulk_load(connection: Connection, state: str) -> None:
    connection.execute(statement("set_bulk_load"), {"state": state})


def _aware(instant: np.datetime64) -> Any:
    return instant.astype("datetime64[us]").item().replace(tzinfo=IST)
