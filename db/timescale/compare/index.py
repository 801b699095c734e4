"""Indexes: everything PostgreSQL knows of them is compared, and by definition, not by name.

Alembic's own comparison sees neither INCLUDE nor WHERE (sqlalchemy/alembic#750); what it proposes
for tables that exist is replaced.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, DropIndexOp, ModifyTableOps, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Index, Table

from db.timescale.catalog.hypertable import hypertables
from db.timescale.catalog.index import FoundIndex, declared_indexes, indexes
from db.timescale.compare.placing import (
    connection_of,
    default_schema,
    existing_tables,
    name_of,
    place,
)
from db.timescale.ops.index import CreateChunkIndexOp, DropChunkIndexOp, create_index_op
from db.timescale.specs import HypertableSpec, IndexSpec
from db.timescale.sqltext import Relation, ident

ORDER = 5


@dataclass(frozen=True, slots=True)
class IndexDiff:
    """What has to go and what has to be built."""

    removed: tuple[IndexSpec, ...]
    added: tuple[IndexSpec, ...]


def diff(
    wanted: Sequence[IndexSpec],
    found: Sequence[FoundIndex],
    hypertable: HypertableSpec | None = None,
) -> IndexDiff:
    """Wanted against found; constraints and TimescaleDB's default indexes are nobody's business.

    An invalid index counts as missing; one whose name is wanted is rebuilt in place.
    """
    usable = [index for index in found if index.is_valid and not index.is_constraint]
    there = {_nameless(index.spec) for index in usable}
    needed = {_nameless(spec) for spec in wanted}
    names = {spec.name for spec in wanted}
    return IndexDiff(
        removed=tuple(
            index.spec
            for index in found
            if not index.is_constraint
            and not (index.is_valid and _nameless(index.spec) in needed)
            and not (not index.is_valid and index.spec.name in names)
            and not _is_default(index.spec, hypertable)
        ),
        added=tuple(spec for spec in wanted if _nameless(spec) not in there),
    )


def compare_indexes(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the indexes of every table that exists need."""
    connection = connection_of(context)
    partitioned = hypertables(connection)
    removals: list[DropChunkIndexOp] = []
    additions: list[CreateChunkIndexOp] = []
    for key, table in existing_tables(context, schemas):
        _forget_alembics(context, upgrade_ops, key)
        name = name_of(context, key)
        changes = diff(
            declared_indexes(connection, table, key),
            indexes(connection, str(key)),
            partitioned.get(key),
        )
        for spec in _included(context, table, changes.removed, is_reflected=True):
            removals.append(create_index_op(replace(spec, table=name)).reverse())
        for spec in _included(context, table, changes.added, is_reflected=False):
            additions.append(create_index_op(replace(spec, table=name)))
    place(upgrade_ops, removals=removals, additions=additions)
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_indexes,
        "schema",
        "timescale_index",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _nameless(spec: IndexSpec) -> IndexSpec:
    return replace(spec, name="", table="")


def _is_default(spec: IndexSpec, hypertable: HypertableSpec | None) -> bool:
    """Whether create_hypertable made the index: on time, or on a space dimension and time."""
    if hypertable is None or spec.unique or spec.using != "btree" or spec.include or spec.where:
        return False
    by_time = f"{ident(hypertable.time_column)} DESC"
    by_space = {(ident(part.column), by_time) for part in hypertable.space}
    is_named_so = spec.name.endswith(f"_{hypertable.time_column}_idx")
    return is_named_so and spec.columns in {(by_time,), *by_space}


def _forget_alembics(context: AutogenContext, upgrade_ops: UpgradeOps, key: Relation) -> None:
    for group in list(upgrade_ops.ops):
        if not isinstance(group, ModifyTableOps):
            continue
        if Relation(group.schema or default_schema(context), group.table_name) != key:
            continue
        group.ops = [op for op in group.ops if not isinstance(op, CreateIndexOp | DropIndexOp)]
        if group.is_empty():
            upgrade_ops.ops.remove(group)


def _included(
    context: AutogenContext, table: Table, specs: Sequence[IndexSpec], *, is_reflected: bool
) -> Iterator[IndexSpec]:
    by_name = {str(index.name): index for index in table.indexes}
    for spec in specs:
        index = by_name.get(spec.name) or Index(spec.name)
        if context.run_object_filters(index, spec.name, "index", is_reflected, None):
            yield spec
