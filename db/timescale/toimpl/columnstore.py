"""Execution of the columnstore operations; on Apache they are recorded as skipped."""

from collections.abc import Sequence
from datetime import timedelta

from alembic.operations import Operations

from db.timescale import records
from db.timescale.execution import Executor
from db.timescale.ops.columnstore import (
    AlterColumnstoreOp,
    ConvertToColumnstoreOp,
    ConvertToRowstoreOp,
    DisableColumnstoreOp,
    EnableColumnstoreOp,
)
from db.timescale.sqltext import (
    Fragment,
    compose,
    ident,
    interval,
    literal,
    named_statements,
    raw,
    regclass,
    relation,
)
from db.timescale.toimpl.engine import ensure_engine_for

FEATURE = "columnstore"


@Operations.implementation_for(EnableColumnstoreOp)
@Operations.implementation_for(AlterColumnstoreOp)
def enable_columnstore(
    operations: Operations, op: EnableColumnstoreOp | AlterColumnstoreOp
) -> None:
    """Set segments and order, whatever was set."""
    definition = {"segment_by": op.segment_by, "order_by": op.order_by}
    executor = Executor.of(operations)
    ensure_engine_for(executor, FEATURE)
    executor.run_where(
        FEATURE,
        [
            *records.forget_skipped(FEATURE, op.table),
            _sql(
                "enable",
                table=relation(op.table),
                regclass=regclass(op.table),
                segment_by=literal(",".join(map(ident, op.segment_by))),
                order_by=_order_option(op.order_by),
            ),
        ],
        records.record_skipped(FEATURE, op.table, definition),
        notice=records.skipping(FEATURE, op.table),
    )


@Operations.implementation_for(DisableColumnstoreOp)
def disable_columnstore(operations: Operations, op: DisableColumnstoreOp) -> None:
    """Bring every chunk back, chunk by chunk, then forget the settings."""
    executor = Executor.of(operations)
    forget = records.forget_skipped(FEATURE, op.table)
    if executor.offline:
        bring_back = [_sql("bring_all_back", table=regclass(op.table))]
    else:
        bring_back = []
        _convert(executor, op.table, None, "to_rowstore")
    disable = _sql("disable", table=relation(op.table), regclass=regclass(op.table))
    executor.run_where(FEATURE, [*forget, *bring_back, disable], forget)


@Operations.implementation_for(ConvertToColumnstoreOp)
def convert_to_columnstore(operations: Operations, op: ConvertToColumnstoreOp) -> None:
    """Convert chunks that are not converted yet."""
    _convert(Executor.of(operations), op.table, op.older_than, "to_columnstore")


@Operations.implementation_for(ConvertToRowstoreOp)
def convert_to_rowstore(operations: Operations, op: ConvertToRowstoreOp) -> None:
    """Convert back chunks that are converted."""
    _convert(Executor.of(operations), op.table, op.older_than, "to_rowstore")


def _convert(executor: Executor, table: str, older_than: timedelta | None, direction: str) -> None:
    age = literal(None) if older_than is None else interval(older_than)
    if executor.offline:
        executor.run_where(
            FEATURE, [_sql("all_" + direction, table=regclass(table), older_than=age)]
        )
        return
    if not executor.server.has(FEATURE):
        return
    chunks = _chunks(executor, table, age, is_compressed=direction == "to_rowstore")
    if not chunks:
        return
    with executor.outside_transaction():
        for number, chunk in enumerate(chunks, 1):
            executor.run(
                _sql(direction, chunk=literal(chunk)),
                label=f"{table}: chunk {number} of {len(chunks)} {direction.replace('_', ' ')}",
                unlimited=True,
            )


def _chunks(executor: Executor, table: str, age: Fragment, *, is_compressed: bool) -> Sequence[str]:
    query = _sql(
        "chunks", table=regclass(table), older_than=age, is_compressed=literal(is_compressed)
    )
    return [row.chunk for row in executor.read(query)]


def _order_option(order_by: Sequence[str]) -> Fragment:
    if not order_by:
        return Fragment("")
    return compose(
        ",\n  timescaledb.orderby = {columns}",
        columns=literal(",".join(map(_ordered, order_by))),
    )


def _ordered(column: str) -> Fragment:
    name, _, direction = column.partition(" ")
    return compose(
        "{name} {direction}", name=ident(name.strip('"')), direction=raw(direction or "ASC")
    )


def _sql(statement: str, /, **parts: Fragment) -> Fragment:
    return compose(named_statements("db.timescale.sql", "columnstore.sql")[statement], **parts)
