"""Execution of pausing and resuming policies, whoever runs them."""

from alembic.operations import Operations

from db.timescale.execution import Executor
from db.timescale.ops.pausing import PausePolicyOp, ResumePolicyOp
from db.timescale.sqltext import (
    Fragment,
    compose,
    full_name,
    literal,
    named_statements,
    raw,
)


@Operations.implementation_for(PausePolicyOp)
@Operations.implementation_for(ResumePolicyOp)
def set_pause(operations: Operations, op: PausePolicyOp | ResumePolicyOp) -> None:
    """Let it rest or run, as a job of TimescaleDB's and as the toolkit's own."""
    is_resumed = isinstance(op, ResumePolicyOp)
    parts = {
        "kind": literal(op.kind),
        "target": full_name(op.relation),
        "next_run": raw("now()" if is_resumed else "'infinity'"),
    }
    executor = Executor.of(operations)
    executor.run_where(
        "job", [_sql("set_job", **parts, jobs=_sql("jobs"), is_scheduled=literal(is_resumed))]
    )
    executor.run(_sql("set_policy", **parts))


def _sql(statement: str, /, **parts: Fragment) -> Fragment:
    return compose(named_statements("db.timescale.sql", "pausing.sql")[statement], **parts)
