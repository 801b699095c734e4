"""Reorder policies."""

from collections.abc import Collection
from functools import partial

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.reorder import reorder_policies
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.compare.policies import PolicyOps, diff
from db.timescale.ops.reorder import (
    AddReorderPolicyOp,
    AlterReorderPolicyOp,
    RemoveReorderPolicyOp,
)
from db.timescale.specs import ReorderPolicy

ORDER = 80

OPS = PolicyOps[str](
    add=lambda name, index: AddReorderPolicyOp(table=name, index=index),
    alter=lambda name, index, existing: AlterReorderPolicyOp(
        table=name, index=index, existing_index=existing
    ),
    remove=lambda name, index: RemoveReorderPolicyOp(table=name, index=index),
)


def compare_reorder(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the declared reorder policies need."""
    wanted = {key_of(context, p.table): p.index for p in all_declared(context, ReorderPolicy)}
    found = {
        key: index
        for key, index in reorder_policies(connection_of(context)).items()
        if key in wanted or is_compared(context, schemas, key)
    }
    changes = diff(wanted, found, OPS, partial(name_of, context))
    place(upgrade_ops, removals=changes.removals, additions=changes.additions)
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_reorder,
        "schema",
        "timescale_reorder",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )
