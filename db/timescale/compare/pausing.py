"""Policies that are declared, and there, but rest."""

from collections.abc import Collection, Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.pausing import paused_policies
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    default_schema,
    key_of,
    name_of,
    place,
)
from db.timescale.ops.pausing import ResumePolicyOp
from db.timescale.specs import (
    ArchivePolicy,
    ColumnstoreSpec,
    ReorderPolicy,
    RetentionPolicy,
    RollupSpec,
)
from db.timescale.sqltext import Relation

# one that is missing is added before, and runs
ORDER = 85


def compare_pauses(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Lets every declared policy run again that was paused."""
    wanted = set(_declared(context))
    for kind, target in paused_policies(connection_of(context)):
        key = Relation.quoted(target, default_schema(context))
        if (kind, key) in wanted:
            op = ResumePolicyOp(kind=kind, relation=name_of(context, key))
            place(upgrade_ops, additions=[op])
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_pauses,
        "schema",
        "timescale_pausing",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _declared(context: AutogenContext) -> Iterator[tuple[str, Relation]]:
    for rollup in all_declared(context, RollupSpec):
        yield "refresh", key_of(context, rollup.name)
        yield "retention", key_of(context, rollup.name)
    for retention in all_declared(context, RetentionPolicy):
        yield "retention", key_of(context, retention.relation)
    for columnstore in all_declared(context, ColumnstoreSpec):
        yield "columnstore", key_of(context, columnstore.relation)
    for reorder in all_declared(context, ReorderPolicy):
        yield "reorder", key_of(context, reorder.table)
    for archive in all_declared(context, ArchivePolicy):
        yield "archive", key_of(context, archive.table)
        yield "retention", key_of(context, archive.archive_table)
