"""Snapshots into history, and the live edge between them."""

from sqlalchemy import Connection

from db.driver import driver_cursor
from db.ingest.context import summary_context, write_features, write_metadata
from db.ingest.statements import copy_statement, statement
from db.market.ticks import CHANGE_MINUTES, EnrichedOption, EnrichedSnapshot

# binary COPY converts nothing: what is no double must be named
_STAGE_TYPES = {
    "option_type": "text",
    "symbol": "text",
    "moneyness": "text",
    "token": "int8",
    "oi": "int8",
    "volume": "int8",
    **{f"oi_change_{minutes}m": "int8" for minutes in CHANGE_MINUTES},
    "time_to_expiry_seconds": "int4",
    "expiry": "date",
}
_FIELD_TYPES = tuple(_STAGE_TYPES.get(name, "float8") for name in EnrichedOption._fields)


def write_snapshot(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Store a chain in history with its features, and show it at the live edge.

    Rows of the same contract and instant are replaced. False when there was nothing to write or a
    newer chain is shown already.
    """
    if not snapshot.options:
        return False
    _stage(connection, snapshot.options)
    is_shown = _write(connection, "write_snapshot", snapshot)
    write_features(connection, snapshot)
    write_metadata(connection, snapshot)
    return is_shown


def write_live_edge(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Show a chain at the live edge without storing it; False when a newer one is shown."""
    if not snapshot.options:
        return False
    _stage(connection, snapshot.options)
    return _write(connection, "write_edge", snapshot)


def _write(connection: Connection, name: str, snapshot: EnrichedSnapshot) -> bool:
    binds = {
        "exchange": snapshot.exchange,
        "timestamp": snapshot.timestamp,
        "context": summary_context(snapshot),
    }
    return bool(connection.scalar(statement(name), binds))


def _stage(connection: Connection, options: tuple[EnrichedOption, ...]) -> None:
    connection.execute(statement("open_stage"))
    with (
        driver_cursor(connection) as cursor,
        cursor.copy(copy_statement("fill_stage")) as copy,
    ):
        copy.set_types(_FIELD_TYPES)
        for option in options:
            copy.write_row(option)
