"""Execution of the archive operations: the archive itself, then the job or record that fills it."""

from collections.abc import Mapping
from typing import Any

from alembic.operations import Operations

from db.timescale import archiving, records
from db.timescale.execution import Executor
from db.timescale.ops.archive import (
    AddArchivePolicyOp,
    AlterArchivePolicyOp,
    MendArchiveOp,
    RemoveArchivePolicyOp,
)
from db.timescale.sqltext import (
    Fragment,
    compose,
    full_name,
    interval,
    interval_text,
    literal,
    named_statements,
)
from db.timescale.toimpl.engine import ensure_engine

KIND = "archive"
FEATURE = "job"


@Operations.implementation_for(AddArchivePolicyOp)
def add_archive_policy(operations: Operations, op: AddArchivePolicyOp) -> None:
    """Make the archive where it is missing, and set the policy whatever was there."""
    executor = Executor.of(operations)
    _install(executor)
    executor.run(_sql("prepare", target=full_name(op.table), config=literal(op.config)))
    executor.run_where(
        FEATURE,
        [
            *records.forget_policy(KIND, op.table),
            _sql("remove_job", target=full_name(op.table)),
            _sql(
                "add_job",
                target=full_name(op.table),
                config=literal(op.config),
                schedule_interval=interval(op.schedule_interval),
            ),
        ],
        records.set_policy(KIND, op.table, op.config, op.schedule_interval),
    )


@Operations.implementation_for(MendArchiveOp)
def mend_archive(operations: Operations, op: MendArchiveOp) -> None:
    """Make what is missing of it."""
    executor = Executor.of(operations)
    _install(executor)
    executor.run(_sql("prepare", target=full_name(op.table), config=literal(op.config)))


@Operations.implementation_for(AlterArchivePolicyOp)
def alter_archive_policy(operations: Operations, op: AlterArchivePolicyOp) -> None:
    """Change the policy's times in place."""
    parts: Mapping[str, Any] = {
        "target": full_name(op.table),
        "change": literal({"archive_after": interval_text(op.archive_after)}),
        "schedule_interval": interval(op.schedule_interval),
    }
    Executor.of(operations).run_where(
        FEATURE, [_sql("alter_job", **parts)], [_sql("alter_policy", **parts)]
    )


@Operations.implementation_for(RemoveArchivePolicyOp)
def remove_archive_policy(operations: Operations, op: RemoveArchivePolicyOp) -> None:
    """Stop archiving first, then bring the rows back span by span, then remove what is empty."""
    executor = Executor.of(operations)
    target, config = full_name(op.table), literal(op.config)
    forget = records.forget_policy(KIND, op.table)
    executor.run_where(FEATURE, [*forget, _sql("remove_job", target=target)], forget)
    _install(executor)
    archiving.empty_archive(executor, op.table, target, config)
    executor.run(archiving.dissolve(target, config), label=f"{op.table}: removing its archive")


def _install(executor: Executor) -> None:
    if executor.offline:
        ensure_engine(executor)
        return
    # what writers append to must not stay locked until the revision is through
    with executor.outside_transaction():
        ensure_engine(executor)


def _sql(statement: str, /, **parts: Fragment) -> Fragment:
    return compose(_statements()[statement], **parts)


def _statements() -> Mapping[str, str]:
    return named_statements("db.timescale.sql", "archive.sql")
