"""Where a comparator's operations stand in a migration, and whom they are about.

Steps that take something away come first, steps that add come last; downgrading runs backwards, so
what depends on another thing is made after it and removed before it in both directions.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.util import to_list
from sqlalchemy import Connection, MetaData, Table

from db.timescale.catalog.hypertable import INTERNAL_SCHEMAS
from db.timescale.ops.base import TimescaleOp
from db.timescale.specs import Spec, declared
from db.timescale.sqltext import Relation

_log = logging.getLogger("alembic.autogenerate.compare")

S = TypeVar("S", bound=Spec)


def place(
    upgrade_ops: UpgradeOps,
    *,
    removals: Sequence[MigrateOperation] = (),
    additions: Sequence[MigrateOperation] = (),
) -> None:
    """Put removals in front of everything found so far and additions behind it; log each."""
    for op in (*removals, *additions):
        log_difference(op)
    upgrade_ops.ops[:0] = removals
    upgrade_ops.ops.extend(additions)


def log_difference(op: MigrateOperation) -> None:
    """Says what was found, as Alembic does of what it compares itself."""
    if isinstance(op, TimescaleOp):
        for difference in op.differences():
            _log.info("Detected difference: %s", difference)


def all_declared(context: AutogenContext, kind: type[S]) -> Iterator[S]:
    """The declared specs of one kind in every MetaData of the environment."""
    metadatas: Sequence[MetaData] = to_list(context.metadata) or []
    for metadata in metadatas:
        yield from declared(metadata, kind)


def connection_of(context: AutogenContext) -> Connection:
    """The live connection that autogenerate always has."""
    assert context.connection is not None  # noqa: S101  # alembic refuses autogenerate offline
    return context.connection


def default_schema(context: AutogenContext) -> str:
    """The schema an unqualified name lies in."""
    return context.dialect.default_schema_name or "public"


def key_of(context: AutogenContext, name: str) -> Relation:
    """The relation of `name` or `schema.name`."""
    return Relation.named(name, default_schema(context))


def name_of(context: AutogenContext, key: Relation) -> str:
    """The shortest name of a relation: its schema is left out where it is the default."""
    return key.name if key.schema == default_schema(context) else str(key)


def is_compared(context: AutogenContext, schemas: Collection[str | None], key: Relation) -> bool:
    """Whether the schema of a relation takes part in this comparison."""
    if key.schema in INTERNAL_SCHEMAS:
        return False
    return (None if key.schema == default_schema(context) else key.schema) in schemas


def existing_tables(
    context: AutogenContext, schemas: Collection[str | None]
) -> Iterator[tuple[Relation, Table]]:
    """The declared tables that the database holds and that take part in this comparison."""
    for table in context.sorted_tables:
        schema = table.schema if table.schema != default_schema(context) else None
        key = Relation(table.schema or default_schema(context), table.name)
        if not is_compared(context, schemas, key):
            continue
        if table.name not in context.inspector.get_table_names(schema=schema):
            continue
        if context.run_object_filters(table, table.name, "table", False, table):
            yield key, table
