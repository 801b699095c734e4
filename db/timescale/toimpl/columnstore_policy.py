"""Execution of the columnstore policy's operations; on Apache they are recorded as skipped."""

from alembic.operations import Operations

from db.timescale import records
from db.timescale.execution import Executor
from db.timescale.ops.columnstore_policy import (
    AddColumnstorePolicyOp,
    AlterColumnstorePolicyOp,
    RemoveColumnstorePolicyOp,
)
from db.timescale.sqltext import Fragment, compose, interval, interval_text, regclass
from db.timescale.toimpl.engine import ensure_engine_for

FEATURE = "columnstore_policy"


@Operations.implementation_for(AddColumnstorePolicyOp)
@Operations.implementation_for(AlterColumnstorePolicyOp)
def set_columnstore_policy(
    operations: Operations, op: AddColumnstorePolicyOp | AlterColumnstorePolicyOp
) -> None:
    """Set the policy's values, whatever was there."""
    definition = {
        "after": interval_text(op.after),
        "schedule_interval": interval_text(op.schedule_interval),
    }
    add = compose(
        "CALL add_columnstore_policy({table}, after => {after},"
        " schedule_interval => {schedule_interval})",
        table=regclass(op.table),
        after=interval(op.after),
        schedule_interval=interval(op.schedule_interval),
    )
    executor = Executor.of(operations)
    ensure_engine_for(executor, FEATURE)
    executor.run_where(
        FEATURE,
        [*records.forget_skipped(FEATURE, op.table), _remove(op.table), add],
        records.record_skipped(FEATURE, op.table, definition),
        notice=records.skipping(FEATURE, op.table),
    )


@Operations.implementation_for(RemoveColumnstorePolicyOp)
def remove_columnstore_policy(operations: Operations, op: RemoveColumnstorePolicyOp) -> None:
    """Remove the policy if it is there."""
    forget = records.forget_skipped(FEATURE, op.table)
    Executor.of(operations).run_where(FEATURE, [*forget, _remove(op.table)], forget)


def _remove(table: str) -> Fragment:
    return compose(
        "CALL remove_columnstore_policy({table}, if_exists => true)", table=regclass(table)
    )
