"""Primary keys, which Alembic does not compare: one that is declared and not there."""

from collections.abc import Collection, Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateTableOp, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Table

from db.timescale.catalog.constraint import keys
from db.timescale.compare.placing import (
    connection_of,
    default_schema,
    existing_tables,
    key_of,
    name_of,
    place,
)
from db.timescale.ops.hypertable import CreateHypertableOp, DropHypertableOp
from db.timescale.ops.primary_key import SetPrimaryKeyOp
from db.timescale.sqltext import Relation

# conversions between plain tables and hypertables bring their keys with them
ORDER = 15


def compare_primary_keys(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds the primary key of every table that exists without it."""
    touched = set(_touched(context, upgrade_ops))
    for key, table in existing_tables(context, schemas):
        if key not in touched and (op := _missing_key(context, key, table)) is not None:
            place(upgrade_ops, additions=[op])
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_primary_keys,
        "schema",
        "timescale_primary_key",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _missing_key(context: AutogenContext, key: Relation, table: Table) -> SetPrimaryKeyOp | None:
    wanted = tuple(column.name for column in table.primary_key.columns)
    found = [k for k in keys(connection_of(context), str(key)) if k.is_primary]
    if not wanted or any(k.columns == wanted for k in found):
        return None
    return SetPrimaryKeyOp(
        table=name_of(context, key),
        name=str(table.primary_key.name or f"{table.name}_pkey"),
        columns=wanted,
        existing_name=found[0].name if found else None,
        existing_columns=found[0].columns if found else (),
    )


def _touched(context: AutogenContext, upgrade_ops: UpgradeOps) -> Iterator[Relation]:
    for op in upgrade_ops.ops:
        if isinstance(op, CreateHypertableOp | DropHypertableOp):
            yield key_of(context, op.table)
        elif isinstance(op, CreateTableOp):
            yield Relation(op.schema or default_schema(context), op.table_name)
