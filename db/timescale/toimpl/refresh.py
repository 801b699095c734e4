"""Execution of the refresh policy operations."""

from alembic.operations import Operations

from db.timescale.execution import Executor
from db.timescale.ops.refresh import (
    AddRefreshPolicyOp,
    AlterRefreshPolicyOp,
    RemoveRefreshPolicyOp,
)
from db.timescale.specs import RefreshPolicy
from db.timescale.sqltext import Fragment, compose, interval, literal


@Operations.implementation_for(AddRefreshPolicyOp)
def add_refresh_policy(operations: Operations, op: AddRefreshPolicyOp) -> None:
    """Set the policy, in place of one that is there."""
    Executor.of(operations).run(_set(op.name, op.policy))


@Operations.implementation_for(RemoveRefreshPolicyOp)
def remove_refresh_policy(operations: Operations, op: RemoveRefreshPolicyOp) -> None:
    """Remove the policy if it is there."""
    Executor.of(operations).run(
        compose("SELECT timescale_engine.remove_refresh_policy({name})", name=literal(op.name))
    )


@Operations.implementation_for(AlterRefreshPolicyOp)
def alter_refresh_policy(operations: Operations, op: AlterRefreshPolicyOp) -> None:
    """Set the policy in place of the one that is there."""
    Executor.of(operations).run(_set(op.name, op.policy))


def _set(name: str, policy: RefreshPolicy) -> Fragment:
    start = policy.start_offset
    return compose(
        "SELECT timescale_engine.set_refresh_policy({name}, {start}, {end}, {schedule})",
        name=literal(name),
        start=compose("CAST(NULL AS interval)") if start is None else interval(start),
        end=interval(policy.end_offset),
        schedule=interval(policy.schedule_interval),
    )
