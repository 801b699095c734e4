"""Execution of the reorder policy's operations; on Apache they are recorded as skipped."""

from alembic.operations import Operations

from db.timescale import records
from db.timescale.execution import Executor
from db.timescale.ops.reorder import (
    AddReorderPolicyOp,
    AlterReorderPolicyOp,
    RemoveReorderPolicyOp,
)
from db.timescale.sqltext import Fragment, compose, literal, regclass
from db.timescale.toimpl.engine import ensure_engine_for

FEATURE = "reorder_policy"


@Operations.implementation_for(AddReorderPolicyOp)
@Operations.implementation_for(AlterReorderPolicyOp)
def set_reorder_policy(
    operations: Operations, op: AddReorderPolicyOp | AlterReorderPolicyOp
) -> None:
    """Set the index the policy follows, whatever was there."""
    add = compose(
        "SELECT add_reorder_policy({table}, {index})",
        table=regclass(op.table),
        index=literal(op.index),
    )
    executor = Executor.of(operations)
    ensure_engine_for(executor, FEATURE)
    executor.run_where(
        FEATURE,
        [*records.forget_skipped(FEATURE, op.table), _remove(op.table), add],
        records.record_skipped(FEATURE, op.table, {"index": op.index}),
        notice=records.skipping(FEATURE, op.table),
    )


@Operations.implementation_for(RemoveReorderPolicyOp)
def remove_reorder_policy(operations: Operations, op: RemoveReorderPolicyOp) -> None:
    """Remove the policy if it is there."""
    forget = records.forget_skipped(FEATURE, op.table)
    Executor.of(operations).run_where(FEATURE, [*forget, _remove(op.table)], forget)


def _remove(table: str) -> Fragment:
    return compose(
        "SELECT remove_reorder_policy({table}, if_exists => true)", table=regclass(table)
    )
