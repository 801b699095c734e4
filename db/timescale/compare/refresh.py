"""Refresh policies of rollups: added, changed and removed."""

from collections.abc import Collection
from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy.exc import DBAPIError

from db.timescale.catalog.rollup import refresh_policies
from db.timescale.compare.engine import needs_repair
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.compare.policies import PolicyOps, diff
from db.timescale.ops.refresh import (
    AddRefreshPolicyOp,
    AlterRefreshPolicyOp,
    RemoveRefreshPolicyOp,
)
from db.timescale.specs import RefreshPolicy, RollupSpec
from db.timescale.sqltext import Relation

ORDER = 50

OPS = PolicyOps[RefreshPolicy](
    add=lambda name, policy: AddRefreshPolicyOp(name=name, **_arguments(policy)),
    alter=lambda name, policy, existing: AlterRefreshPolicyOp(
        name=name, **_arguments(policy), **_arguments(existing, "existing_")
    ),
    remove=lambda name, policy: RemoveRefreshPolicyOp(name=name, **_arguments(policy)),
)


def compare_refresh(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the declared refresh policies need."""
    wanted = {
        key_of(context, spec.name): spec.refresh
        for spec in all_declared(context, RollupSpec)
        if spec.refresh is not None
    }
    try:
        with connection_of(context).begin_nested():
            there = refresh_policies(connection_of(context))
    except DBAPIError:
        if not needs_repair(upgrade_ops):
            raise
        return PriorityDispatchResult.CONTINUE  # the engine cannot be asked before it is mended
    found: dict[Relation, RefreshPolicy] = {
        key: policy
        for key, policy in there.items()
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


def _arguments(policy: RefreshPolicy, prefix: str = "") -> dict[str, Any]:
    return {
        f"{prefix}start_offset": policy.start_offset,
        f"{prefix}end_offset": policy.end_offset,
        f"{prefix}schedule_interval": policy.schedule_interval,
    }
