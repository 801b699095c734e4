"""Execution of setting a primary key."""

from alembic.operations import Operations

from db.timescale.execution import Executor
from db.timescale.ops.primary_key import SetPrimaryKeyOp
from db.timescale.sqltext import Fragment, compose, ident, joined, relation


@Operations.implementation_for(SetPrimaryKeyOp)
def set_primary_key(operations: Operations, op: SetPrimaryKeyOp) -> None:
    """Both steps in one statement, so that nobody sees the table without its key."""
    steps: list[Fragment] = []
    if op.existing_columns:
        steps.append(
            compose("DROP CONSTRAINT IF EXISTS {name}", name=ident(op.existing_name or op.name))
        )
    if op.columns:
        steps.append(
            compose(
                "ADD CONSTRAINT {name} PRIMARY KEY ({columns})",
                name=ident(op.name),
                columns=joined(map(ident, op.columns)),
            )
        )
    if steps:
        Executor.of(operations).run(
            compose("ALTER TABLE {table} {steps}", table=relation(op.table), steps=joined(steps)),
            unlimited=True,
        )
