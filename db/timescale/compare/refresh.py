"""Refresh policies of rollups, and the guard that none reaches behind its source's retention."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.rollup import refresh_policies
from db.timescale.compare.placing import (
    Key,
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.compare.policies import PolicyOps, diff
from db.timescale.errors import SpecError
from db.timescale.ops.refresh import (
    AddRefreshPolicyOp,
    AlterRefreshPolicyOp,
    RemoveRefreshPolicyOp,
)
from db.timescale.specs import ArchivePolicy, RefreshPolicy, RetentionPolicy, RollupSpec

ORDER = 50

OPS = PolicyOps[RefreshPolicy](
    add=lambda name, policy: AddRefreshPolicyOp(name=name, **_arguments(policy)),
    alter=lambda name, policy, existing: AlterRefreshPolicyOp(
        name=name, policy=policy, existing=existing
    ),
    remove=lambda name, policy: RemoveRefreshPolicyOp(name=name, **_arguments(policy)),
)


def check_reach(rollups: Iterable[RollupSpec], kept_for: Mapping[str, timedelta]) -> None:
    """Raises SpecError for a refresh that would aggregate rows the source no longer keeps.

    A refresh over dropped rows overwrites the aggregate with nothing
    (https://github.com/timescale/timescaledb/issues/2198). `kept_for` is how long each source
    keeps its rows, by name; a source that is not in it keeps them for ever.
    """
    for spec in rollups:
        limit = kept_for.get(spec.source)
        if spec.refresh is None or limit is None:
            continue
        start = spec.refresh.start_offset
        if start is None or start + spec.bucket > limit:
            reach = "all of history" if start is None else f"{start} back"
            raise SpecError(
                f"The refresh policy of {spec.name} reaches {reach}, but {spec.source} keeps its "
                f"rows for {limit}: give it a start_offset of at most {limit - spec.bucket}."
            )


def compare_refresh(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the declared refresh policies need."""
    declared = list(all_declared(context, RollupSpec))
    check_reach(declared, _kept_for(context, declared))
    wanted = {key_of(context, spec.name): spec.refresh for spec in declared if spec.refresh}
    found: dict[Key, RefreshPolicy] = {
        key: policy
        for key, policy in refresh_policies(connection_of(context)).items()
        if key in wanted or is_compared(context, schemas, key)
    }
    changes = diff(wanted, found, OPS, partial(name_of, context))
    place(upgrade_ops, removals=changes.removals, additions=changes.additions)
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_refresh,
        "schema",
        "timescale_refresh",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _kept_for(context: AutogenContext, rollups: Iterable[RollupSpec]) -> dict[str, timedelta]:
    kept = {spec.name: spec.retention for spec in rollups if spec.retention is not None}
    for archive in all_declared(context, ArchivePolicy):
        kept[archive.table] = archive.archive_after
    for policy in all_declared(context, RetentionPolicy):
        kept[policy.relation] = min(policy.drop_after, kept.get(policy.relation, timedelta.max))
    return kept


def _arguments(policy: RefreshPolicy) -> dict[str, Any]:
    return {
        "start_offset": policy.start_offset,
        "end_offset": policy.end_offset,
        "schedule_interval": policy.schedule_interval,
    }
