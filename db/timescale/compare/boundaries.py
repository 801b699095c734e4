"""What a comparison must not look at: the schemas and tables that are kept by machinery.

With include_schemas, or with an archive in the default schema, Alembic would propose to drop them.
"""

from collections.abc import Collection
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.archive import archive_policies
from db.timescale.catalog.hypertable import INTERNAL_SCHEMAS
from db.timescale.compare.placing import all_declared, connection_of, default_schema, key_of
from db.timescale.editions import read_server
from db.timescale.specs import ArchivePolicy
from db.timescale.sqltext import Relation

ORDER = 0


def narrow(
    context: AutogenContext, _upgrade_ops: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Takes internal schemas out of the comparison, and archives out of reflection."""
    read_server(connection_of(context))  # says in one sentence where there is no extension
    schemas.difference_update(INTERNAL_SCHEMAS)
    archives = _archives(context)

    def is_ours(name: str | None, kind: str, parents: Any) -> bool:
        if kind != "table" or name is None:
            return True
        return (parents.get("schema_name") or default_schema(context), name) not in archives

    # the same list env.py's include_name goes to, which has no public way in
    context._name_filters.append(is_ours)
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers it before everything that compares."""
    plugin.add_autogenerate_comparator(
        narrow,
        "schema",
        "timescale_boundaries",
        qualifier="postgresql",
        priority=DispatchPriority.FIRST,
    )


def _archives(context: AutogenContext) -> Collection[Relation]:
    found = archive_policies(connection_of(context)).values()
    return {
        *(key_of(context, policy.archive_table) for policy in all_declared(context, ArchivePolicy)),
        *(Relation.quoted(policy.archive_table, default_schema(context)) for policy in found),
    }
