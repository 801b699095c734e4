"""Execution of the index operations.

https://docs.tigerdata.com/api/latest/hypertable/create_index/
"""

from dataclasses import replace

from alembic.operations import Operations

from db.timescale.catalog.hypertable import holds_rows, hypertables
from db.timescale.catalog.index import FoundIndex, create_statement, indexes, understood
from db.timescale.errors import SpecError
from db.timescale.execution import Executor
from db.timescale.ops.index import CreateChunkIndexOp, DropChunkIndexOp
from db.timescale.specs import IndexSpec
from db.timescale.sqltext import Fragment, compose, relation, split_relation

_PER_CHUNK = "timescaledb.transaction_per_chunk"


@Operations.implementation_for(CreateChunkIndexOp)
def create_chunk_index(operations: Operations, op: CreateChunkIndexOp) -> None:
    """Build the index unless the very same is there; a broken one is built again."""
    executor = Executor.of(operations)
    spec = op.spec
    if executor.offline:
        executor.run(create_statement(spec, (), quietly=True))
        return
    leftover = _of_that_name(executor, spec)
    if leftover and leftover.is_valid:
        _check_same(executor, spec, leftover.spec)
    elif not holds_rows(executor.connection, relation(spec.table)):
        executor.run_all([_drop(spec)] if leftover else [])
        executor.run(create_statement(spec, ()))
    else:
        _build_with_rows(executor, spec)


@Operations.implementation_for(DropChunkIndexOp)
def drop_chunk_index(operations: Operations, op: DropChunkIndexOp) -> None:
    """Drop the index if it is there."""
    Executor.of(operations).run(_drop(op.spec))


def _build_with_rows(executor: Executor, spec: IndexSpec) -> None:
    is_hypertable = bool(hypertables(executor.connection, relation(spec.table)))
    label = f"{spec.name}: building the index on {spec.table}"
    if is_hypertable and spec.unique:
        # neither way out of the transaction is open to unique indexes of hypertables
        executor.run_all([_drop(spec)])
        executor.run(create_statement(spec, ()), label=label, unlimited=True)
        return
    if is_hypertable:
        statement = create_statement(spec, (_PER_CHUNK,))
    else:
        statement = create_statement(spec, (), concurrently=True)
    with executor.outside_transaction():
        executor.build(
            [_drop(spec), statement],
            label=label,
            # a concurrent build waits for old transactions but never stands in anyone's way
            patient=not is_hypertable,
        )


def _of_that_name(executor: Executor, spec: IndexSpec) -> FoundIndex | None:
    found = indexes(executor.connection, spec.table)
    return next((index for index in found if index.spec.name == spec.name), None)


def _check_same(executor: Executor, wanted: IndexSpec, found: IndexSpec) -> None:
    if understood(executor.connection, wanted) != replace(found, table=wanted.table):
        raise SpecError(
            f"{wanted.table} has an index {wanted.name} of another definition "
            f"({create_statement(found, ())}): drop or rename it first."
        )


def _drop(spec: IndexSpec) -> Fragment:
    schema, _ = split_relation(spec.table)
    name = f"{schema}.{spec.name}" if schema else spec.name
    return compose("DROP INDEX IF EXISTS {name}", name=relation(name))
