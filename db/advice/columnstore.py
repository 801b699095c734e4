"""Hypertables that the columnstore would make smaller, and segments that are too thin.

https://docs.tigerdata.com/use-timescale/latest/hypercore/
"""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from db.advice.conditions import scans
from db.advice.proposal import Advice, PlannedStatement
from db.advice.relations import (
    Hypertable,
    distinct_values,
    hypertables,
    relation_facts,
)
from db.timescale.editions import read_server

_LEAST_ROWS = 1_000_000
# a batch of the columnstore holds up to a thousand rows of one segment
_BATCH_ROWS = 1000


def columnstores(connection: Connection, planned: tuple[PlannedStatement, ...]) -> Iterator[Advice]:
    """Columnstore settings for large hypertables that have none (Community)."""
    if not read_server(connection).has("columnstore"):
        return
    for table in hypertables(connection):
        is_large = (table.row_count or 0) >= _LEAST_ROWS and table.closed_name is not None
        if is_large and not table.has_columnstore:
            yield _advice(connection, table, planned)


def _advice(
    connection: Connection, table: Hypertable, planned: tuple[PlannedStatement, ...]
) -> Advice:
    segment, why = _segment(connection, table, planned)
    segment_by = f'"{segment}"' if segment else ""
    days = max(2 * table.chunk_interval.days, 1)
    return Advice(
        kind="columnstore",
        target=table.root,
        evidence=(
            f"{table.row_count:,.0f} rows in {(table.size_bytes or 0) / 2**20:,.0f} MB, "
            f"{table.chunk_count} chunks, none by column",
            why,
        ),
        migration=(
            f'op.enable_columnstore("{table.root}", segment_by=[{segment_by}], '
            f'order_by=["{table.time_column} DESC"])\n'
            f'op.add_columnstore_policy("{table.root}", after=timedelta(days={days}))'
        ),
    )


def _segment(
    connection: Connection, table: Hypertable, planned: tuple[PlannedStatement, ...]
) -> tuple[str | None, str]:
    """The column most time is spent looking up by, if a chunk holds full batches of each value."""
    weights: Counter[str] = Counter()
    for statement in planned:
        for column in _looked_up(connection, table, statement):
            weights[column] += round(statement.counted.total_ms)
    for column, _ in weights.most_common():
        values = _values(connection, table, column)
        if values and (table.closed_row_count or 0) / values >= _BATCH_ROWS:
            return column, f"reads fix {column}; a chunk holds about {values:,.0f} values of it"
    return None, "no column that reads fix has enough rows of each value in a chunk to segment by"


def _looked_up(connection: Connection, table: Hypertable, statement: PlannedStatement) -> set[str]:
    return {
        column
        for scan in scans(statement.plan)
        if (found := relation_facts(connection, scan.schema, scan.relation)) is not None
        and (found.root_schema, found.root_name) == (table.schema, table.name)
        for column in scan.equal
        if column != table.time_column
    }


def _values(connection: Connection, table: Hypertable, column: str) -> float | None:
    if table.closed_schema is None or table.closed_name is None:
        return None
    return distinct_values(connection, table.closed_schema, table.closed_name, column)
