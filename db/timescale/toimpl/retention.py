"""Execution of the retention operations: a native policy, or a record for the toolkit's own."""

from datetime import timedelta

from alembic.operations import Operations

from db.timescale import records
from db.timescale.execution import Executor
from db.timescale.ops.retention import (
    AddRetentionPolicyOp,
    AlterRetentionPolicyOp,
    RemoveRetentionPolicyOp,
)
from db.timescale.sqltext import Fragment, compose, interval, interval_text, regclass
from db.timescale.toimpl.engine import ensure_engine_for

KIND = "retention"
FEATURE = "retention_policy"


@Operations.implementation_for(AddRetentionPolicyOp)
@Operations.implementation_for(AlterRetentionPolicyOp)
def set_retention_policy(
    operations: Operations, op: AddRetentionPolicyOp | AlterRetentionPolicyOp
) -> None:
    """Set the policy's values, whatever was there."""
    executor = Executor.of(operations)
    ensure_engine_for(executor, FEATURE)
    executor.run_where(
        FEATURE,
        [
            *records.forget_policy(KIND, op.relation),
            _remove(op.relation),
            _add(op.relation, op.drop_after, op.schedule_interval),
        ],
        records.set_policy(
            KIND,
            op.relation,
            {"drop_after": interval_text(op.drop_after)},
            op.schedule_interval,
        ),
    )


@Operations.implementation_for(RemoveRetentionPolicyOp)
def remove_retention_policy(operations: Operations, op: RemoveRetentionPolicyOp) -> None:
    """Remove the policy if it is there."""
    forget = records.forget_policy(KIND, op.relation)
    Executor.of(operations).run_where(FEATURE, [*forget, _remove(op.relation)], forget)


def _add(relation: str, drop_after: timedelta, schedule_interval: timedelta) -> Fragment:
    return compose(
        "SELECT add_retention_policy({relation}, drop_after => {drop_after},"
        " schedule_interval => {schedule_interval})",
        relation=regclass(relation),
        drop_after=interval(drop_after),
        schedule_interval=interval(schedule_interval),
    )


def _remove(relation: str) -> Fragment:
    return compose(
        "SELECT remove_retention_policy({relation}, if_exists => true)",
        relation=regclass(relation),
    )
