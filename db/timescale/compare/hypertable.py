"""Hypertables: made, unmade, and changed in their chunk interval and dimensions."""

from collections.abc import Collection, Mapping, Sequence

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateTableOp, DropTableOp, MigrateOperation, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Table, UniqueConstraint

from db.timescale.catalog.hypertable import hypertables
from db.timescale.compare.keys import conversion_op, restoring_op
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    default_schema,
    is_compared,
    key_of,
    log_difference,
    name_of,
    place,
)
from db.timescale.errors import SpecError
from db.timescale.ops.hypertable import (
    AddDimensionOp,
    CreateHypertableOp,
    DropDimensionOp,
    DropHypertableOp,
    SetChunkIntervalOp,
)
from db.timescale.ops.index import CreateChunkIndexOp
from db.timescale.specs import HypertableSpec
from db.timescale.sqltext import Relation

ORDER = 10


def diff(wanted: HypertableSpec, found: HypertableSpec) -> Sequence[MigrateOperation]:
    """What turns the hypertable found into the one wanted; raises SpecError where nothing can."""
    if wanted.time_column != found.time_column:
        raise SpecError(
            f"{wanted.table} is partitioned by {found.time_column}, declared by "
            f"{wanted.time_column}: make it plain in one revision, a hypertable in the next."
        )
    changes: list[MigrateOperation] = []
    if wanted.chunk_interval != found.chunk_interval:
        changes.append(
            SetChunkIntervalOp(
                table=wanted.table, interval=wanted.chunk_interval, existing=found.chunk_interval
            )
        )
    for part in found.space:
        if part not in wanted.space:
            changes.append(
                DropDimensionOp(table=wanted.table, column=part.column, partitions=part.partitions)
            )
    for part in wanted.space:
        if part not in found.space:
            changes.append(
                AddDimensionOp(table=wanted.table, column=part.column, partitions=part.partitions)
            )
    return changes


def compare_hypertables(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what every declared hypertable needs, and what those no longer declared leave."""
    tables = {
        Relation(t.schema or default_schema(context), t.name): t for t in context.sorted_tables
    }
    wanted = {key_of(context, spec.table): spec for spec in all_declared(context, HypertableSpec)}
    found = {
        key: spec
        for key, spec in hypertables(connection_of(context)).items()
        if is_compared(context, schemas, key)
    }
    for key, spec in wanted.items():
        _check_keys(spec, tables, key)
        if key in found:
            place(upgrade_ops, additions=diff(spec, found[key]))
        else:
            _insert(upgrade_ops, _creation(context, upgrade_ops, key, spec, tables[key]))
    for key in found.keys() - wanted.keys():
        if key in tables:
            place(upgrade_ops, removals=[restoring_op(context, key, found[key], tables[key])])
        elif _touches(context, upgrade_ops, DropTableOp, key):
            place(upgrade_ops, removals=[_with_table(context, key, found[key])])
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_hypertables,
        "schema",
        "timescale_hypertable",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _creation(
    context: AutogenContext,
    upgrade_ops: UpgradeOps,
    key: Relation,
    spec: HypertableSpec,
    table: Table,
) -> CreateHypertableOp:
    if _touches(context, upgrade_ops, CreateTableOp, key):
        return CreateHypertableOp(
            table=name_of(context, key),
            time_column=spec.time_column,
            chunk_interval=spec.chunk_interval,
            space=spec.space,
            with_table=True,
        )
    return conversion_op(context, upgrade_ops, key, spec, table)


def _with_table(context: AutogenContext, key: Relation, found: HypertableSpec) -> DropHypertableOp:
    return DropHypertableOp(
        table=name_of(context, key),
        time_column=found.time_column,
        chunk_interval=found.chunk_interval,
        space=found.space,
        with_table=True,
    )


def _insert(upgrade_ops: UpgradeOps, creation: CreateHypertableOp) -> None:
    """Before the index builds that would otherwise run on the plain table, then all over again."""
    first = next(
        (
            position
            for position, op in enumerate(upgrade_ops.ops)
            if isinstance(op, CreateChunkIndexOp)
        ),
        len(upgrade_ops.ops),
    )
    log_difference(creation)
    upgrade_ops.ops.insert(first, creation)


def _touches(
    context: AutogenContext,
    upgrade_ops: UpgradeOps,
    kind: type[CreateTableOp] | type[DropTableOp],
    key: Relation,
) -> bool:
    return any(
        isinstance(op, kind) and (op.schema or default_schema(context), op.table_name) == key
        for op in upgrade_ops.ops
    )


def _check_keys(spec: HypertableSpec, tables: Mapping[Relation, Table], key: Relation) -> None:
    """A key without the time column is found now, not when the migration runs."""
    table = tables.get(key)
    if table is None:
        raise SpecError(f"{spec.table} is declared as a hypertable, but there is no such table.")
    needed = {spec.time_column, *(part.column for part in spec.space)}
    declared_keys = [
        [column.name for column in constraint.columns]
        for constraint in (table.primary_key, *table.constraints)
        if constraint is table.primary_key or isinstance(constraint, UniqueConstraint)
    ]
    unique_indexes = [
        [getattr(column, "name", "") for column in index.columns]
        for index in table.indexes
        if index.unique
    ]
    for columns in [*declared_keys, *unique_indexes]:
        if columns and not needed <= set(columns):
            raise SpecError(
                f"{spec.table}: the unique key ({', '.join(columns)}) of a hypertable must contain "
                f"{', '.join(sorted(needed - set(columns)))}."
            )
