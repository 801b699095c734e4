"""The columnstore: its settings and the policy that moves chunks."""

from collections.abc import Collection, Mapping
from functools import partial

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.columnstore import (
    ColumnstorePolicy,
    ColumnstoreSettings,
    columnstore_policies,
    columnstore_settings,
)
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.compare.policies import PolicyOps, diff
from db.timescale.ops.columnstore import (
    AlterColumnstoreOp,
    DisableColumnstoreOp,
    EnableColumnstoreOp,
)
from db.timescale.ops.columnstore_policy import (
    AddColumnstorePolicyOp,
    AlterColumnstorePolicyOp,
    RemoveColumnstorePolicyOp,
)
from db.timescale.specs import ColumnstoreSpec
from db.timescale.sqltext import Relation

ORDER = 60

SETTINGS_OPS = PolicyOps[ColumnstoreSettings](
    add=lambda name, settings: EnableColumnstoreOp(
        table=name, segment_by=list(settings.segment_by), order_by=list(settings.order_by)
    ),
    alter=lambda name, settings, existing: AlterColumnstoreOp(
        table=name,
        segment_by=list(settings.segment_by),
        order_by=list(settings.order_by),
        existing_segment_by=list(existing.segment_by),
        existing_order_by=list(existing.order_by),
    ),
    remove=lambda name, settings: DisableColumnstoreOp(
        table=name, segment_by=list(settings.segment_by), order_by=list(settings.order_by)
    ),
)

POLICY_OPS = PolicyOps[ColumnstorePolicy](
    add=lambda name, policy: AddColumnstorePolicyOp(
        table=name, after=policy.after, schedule_interval=policy.schedule_interval
    ),
    alter=lambda name, policy, existing: AlterColumnstorePolicyOp(
        table=name,
        after=policy.after,
        schedule_interval=policy.schedule_interval,
        existing_after=existing.after,
        existing_schedule_interval=existing.schedule_interval,
    ),
    remove=lambda name, policy: RemoveColumnstorePolicyOp(
        table=name, after=policy.after, schedule_interval=policy.schedule_interval
    ),
)


def compare_columnstore(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the declared columnstores need: settings before policies, and back again."""
    connection = connection_of(context)
    name = partial(name_of, context)
    specs = {key_of(context, s.relation): s for s in all_declared(context, ColumnstoreSpec)}

    def compared(key: Relation) -> bool:
        return key in specs or is_compared(context, schemas, key)

    settings = {k: v for k, v in columnstore_settings(connection).items() if compared(k)}
    policies = {k: v for k, v in columnstore_policies(connection).items() if compared(k)}
    of_settings = diff(_wanted_settings(specs, settings), settings, SETTINGS_OPS, name)
    of_policies = diff(_wanted_policies(specs), policies, POLICY_OPS, name)
    place(
        upgrade_ops,
        removals=[*of_policies.removals, *of_settings.removals],
        additions=[*of_settings.additions, *of_policies.additions],
    )
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_columnstore,
        "schema",
        "timescale_columnstore",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _wanted_settings(
    specs: Mapping[Relation, ColumnstoreSpec], found: Mapping[Relation, ColumnstoreSettings]
) -> dict[Relation, ColumnstoreSettings]:
    """An order that is not declared is TimescaleDB's choice, whatever it chose."""
    wanted = {}
    for key, spec in specs.items():
        order_by = tuple(
            part.column + (" DESC" if part.descending else "") for part in spec.order_by
        )
        if not order_by and key in found:
            order_by = found[key].order_by
        wanted[key] = ColumnstoreSettings(segment_by=spec.segment_by, order_by=order_by)
    return wanted


def _wanted_policies(
    specs: Mapping[Relation, ColumnstoreSpec],
) -> dict[Relation, ColumnstorePolicy]:
    return {
        key: ColumnstorePolicy(after=spec.after, schedule_interval=spec.schedule_interval)
        for key, spec in specs.items()
        if spec.after is not None
    }
