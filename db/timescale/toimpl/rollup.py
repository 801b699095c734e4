"""Execution of the rollup operations: the engine in the database does the work."""

from alembic.operations import Operations

from db.timescale.documents import rollup_document
from db.timescale.execution import Executor
from db.timescale.fill import fill, needs_fill, rebuilding
from db.timescale.ops.rollup import AlterRollupOp, CreateRollupOp, DropRollupOp
from db.timescale.sqltext import compose, literal


@Operations.implementation_for(CreateRollupOp)
def create_rollup(operations: Operations, op: CreateRollupOp) -> None:
    """Create the rollup unless it is there, then fill it as far as it is not."""
    executor = Executor.of(operations)
    executor.run(
        compose(
            "SELECT timescale_engine.create_rollup({document})",
            document=literal(rollup_document(op.spec)),
        ),
        label=f"{op.name}: creating the rollup",
    )
    _fill(executor, op.name)


@Operations.implementation_for(DropRollupOp)
def drop_rollup(operations: Operations, op: DropRollupOp) -> None:
    """Drop the rollup if it is there."""
    Executor.of(operations).run(
        compose("SELECT timescale_engine.drop_rollup({name})", name=literal(op.name))
    )


@Operations.implementation_for(AlterRollupOp)
def alter_rollup(operations: Operations, op: AlterRollupOp) -> None:
    """Build the new rollup beside, unless that is done, and put it in the old one's place."""
    executor = Executor.of(operations)
    document = literal(rollup_document(op.spec))
    begin = compose("SELECT timescale_engine.begin_rebuild({document})", document=document)
    executor.run(begin, label=f"{op.name}: making its new definition beside it")
    if executor.offline:
        executor.notice(f"where {op.name}'s source has rows, run this step without --sql")
    else:
        for name in rebuilding(executor.connection, op.name):
            _fill(executor, name)
    executor.run(
        compose("SELECT timescale_engine.finish_rebuild({document})", document=document),
        label=f"{op.name}: putting its new definition in place",
        unlimited=True,
    )


def _fill(executor: Executor, name: str) -> None:
    if executor.offline:
        executor.notice(f"where {name}'s source has rows, fill it: python -m db maintain --fill")
        return
    if needs_fill(executor.connection, name):
        with executor.outside_transaction():
            fill(executor.connection, name)
