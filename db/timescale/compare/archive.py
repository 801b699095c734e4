"""Archive policies."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.archive import archive_policies, incomplete_archives
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.compare.policies import PolicyOps, diff
from db.timescale.errors import SpecError
from db.timescale.ops.archive import (
    AddArchivePolicyOp,
    AlterArchivePolicyOp,
    MendArchiveOp,
    RemoveArchivePolicyOp,
)
from db.timescale.specs import ArchivePolicy
from db.timescale.sqltext import relation

# what is declared for the archive itself (columnstore, retention) needs the archive
ORDER = 50


def _alter(name: str, policy: ArchivePolicy, existing: ArchivePolicy) -> AlterArchivePolicyOp:
    changed_place = [
        getattr(existing, part)
        for part in ("archive_table", "history_view", "archive_chunk_interval")
        if getattr(existing, part) != getattr(policy, part)
    ]
    if changed_place:
        raise SpecError(
            f"The archive of {name} is kept as {', '.join(map(str, changed_place))}: remove the "
            "archive policy in one revision and declare it anew in the next."
        )
    return AlterArchivePolicyOp(
        table=name,
        archive_after=policy.archive_after,
        schedule_interval=policy.schedule_interval,
        existing_archive_after=existing.archive_after,
        existing_schedule_interval=existing.schedule_interval,
    )


def _arguments(name: str, policy: ArchivePolicy) -> dict[str, Any]:
    return {
        "table": name,
        "archive_after": policy.archive_after,
        "archive_table": policy.archive_table,
        "history_view": policy.history_view,
        "archive_chunk_interval": policy.archive_chunk_interval,
        "schedule_interval": policy.schedule_interval,
    }


OPS = PolicyOps[ArchivePolicy](
    add=lambda name, policy: AddArchivePolicyOp(**_arguments(name, policy)),
    alter=_alter,
    remove=lambda name, policy: RemoveArchivePolicyOp(**_arguments(name, policy)),
)


def compare_archives(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the declared archive policies need."""
    wanted = {
        key_of(context, policy.table): _comparable(policy)
        for policy in all_declared(context, ArchivePolicy)
    }
    found = {
        key: replace(policy, table="")
        for key, policy in archive_policies(connection_of(context)).items()
        if key in wanted or is_compared(context, schemas, key)
    }
    changes = diff(wanted, found, OPS, partial(name_of, context))
    place(upgrade_ops, removals=changes.removals, additions=changes.additions)
    gone = incomplete_archives(connection_of(context))
    place(
        upgrade_ops,
        additions=[
            MendArchiveOp(**_arguments(name_of(context, key), wanted[key]))
            for key in wanted.keys() & found.keys() & gone
        ],
    )
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_archives,
        "schema",
        "timescale_archive",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _comparable(policy: ArchivePolicy) -> ArchivePolicy:
    """Without what is compared elsewhere: the archive's own retention is a retention policy."""
    return replace(
        policy,
        table="",
        drop_after=None,
        archive_table=str(relation(policy.archive_table)),
        history_view=str(relation(policy.history_view)),
    )
