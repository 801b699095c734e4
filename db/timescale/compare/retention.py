"""Retention policies, declared on their own or as what a rollup or an archive keeps."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.retention import retention_policies
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.compare.policies import PolicyOps, diff
from db.timescale.ops.retention import (
    AddRetentionPolicyOp,
    AlterRetentionPolicyOp,
    RemoveRetentionPolicyOp,
)
from db.timescale.specs import ArchivePolicy, RetentionPolicy, RollupSpec
from db.timescale.sqltext import Relation

ORDER = 70

OPS = PolicyOps[RetentionPolicy](
    add=lambda name, policy: AddRetentionPolicyOp(
        relation=name, drop_after=policy.drop_after, schedule_interval=policy.schedule_interval
    ),
    alter=lambda name, policy, existing: AlterRetentionPolicyOp(
        relation=name,
        drop_after=policy.drop_after,
        schedule_interval=policy.schedule_interval,
        existing_drop_after=existing.drop_after,
        existing_schedule_interval=existing.schedule_interval,
    ),
    remove=lambda name, policy: RemoveRetentionPolicyOp(
        relation=name, drop_after=policy.drop_after, schedule_interval=policy.schedule_interval
    ),
)


def compare_retention(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the declared retention policies need."""
    wanted = _wanted(context)
    found = {
        key: replace(policy, relation="")
        for key, policy in retention_policies(connection_of(context)).items()
        if key in wanted or is_compared(context, schemas, key)
    }
    changes = diff(wanted, found, OPS, partial(name_of, context))
    place(upgrade_ops, removals=changes.removals, additions=changes.additions)
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_retention,
        "schema",
        "timescale_retention",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _wanted(context: AutogenContext) -> dict[Relation, RetentionPolicy]:
    wanted = {
        key_of(context, rollup.name): RetentionPolicy(relation="", drop_after=rollup.retention)
        for rollup in all_declared(context, RollupSpec)
        if rollup.retention is not None
    }
    for archive in all_declared(context, ArchivePolicy):
        if archive.drop_after is not None:
            wanted[key_of(context, archive.archive_table)] = RetentionPolicy(
                relation="", drop_after=archive.drop_after
            )
    for policy in all_declared(context, RetentionPolicy):
        wanted[key_of(context, policy.relation)] = replace(policy, relation="")
    return wanted
