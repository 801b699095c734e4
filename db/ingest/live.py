"""Snapshots into history, and the live edge between them."""

from collections.abc import Callable

from sqlalchemy import Connection

from db.binary_copy import COPY_EDGE_FIELDS, encoded_edge
from db.ingest.context import summary_context, write_features, write_metadata
from db.ingest.copying import copy_into
from db.ingest.statements import statement
from db.market.ticks import EnrichedColumns, EnrichedSnapshot

Fence = Callable[[Connection], None]
"""Raises what forbids a write; called once the rows are at the server and before they count."""


def write_snapshot(
    connection: Connection, snapshot: EnrichedSnapshot, fence: Fence | None = None
) -> bool:
    """Store a chain in history with its features, and show it at the live edge.

    Rows of the same contract and instant are replaced. False when there was nothing to write or a
    newer chain is shown already.
    """
    if not len(snapshot.options):
        return False
    _stage(connection, snapshot.options, fence)
    is_shown = _write(connection, "write_snapshot", snapshot)
    write_features(connection, snapshot)
    write_metadata(connection, snapshot)
    return is_shown


def write_live_edge(
    connection: Connection, snapshot: EnrichedSnapshot, fence: Fence | None = None
) -> bool:
    """Show a chain at the live edge without storing it; False when a newer one is shown."""
    if not len(snapshot.options):
        return False
    _stage(connection, snapshot.options, fence)
    return _write(connection, "write_edge", snapshot)


def _write(connection: Connection, name: str, snapshot: EnrichedSnapshot) -> bool:
    binds = {
        "exchange": snapshot.exchange,
        "timestamp": snapshot.timestamp,
        "context": summary_context(snapshot),
    }
    return bool(connection.scalar(statement(name), binds))


def _stage(connection: Connection, options: EnrichedColumns, fence: Fence | None) -> None:
    connection.execute(statement("open_stage"))
    copy_into(connection, ("pg_temp", "staged_chain"), COPY_EDGE_FIELDS, encoded_edge(options))
    if fence is not None:
        fence(connection)
