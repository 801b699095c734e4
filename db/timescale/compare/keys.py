"""Keys on the way between a plain table and a hypertable: what falls, is made, and returns."""

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropConstraintOp, ModifyTableOps, UpgradeOps
from sqlalchemy import Table

from db.timescale.catalog.constraint import keys
from db.timescale.catalog.index import create_statement
from db.timescale.compare.placing import connection_of, default_schema, key_of, name_of
from db.timescale.ops.hypertable import CreateHypertableOp, DropHypertableOp
from db.timescale.ops.index import CreateChunkIndexOp, DropChunkIndexOp
from db.timescale.specs import HypertableSpec, UniqueKey
from db.timescale.sqltext import Relation, ident, joined


def conversion_op(
    context: AutogenContext,
    upgrade_ops: UpgradeOps,
    key: Relation,
    spec: HypertableSpec,
    table: Table,
) -> CreateHypertableOp:
    """The conversion of a plain table, in one pass over its rows.

    Index changes already proposed for the table become part of it: what falls is not carried
    along, and unique keys exist from the first row on.
    """
    connection = connection_of(context)
    needed = {spec.time_column, *(part.column for part in spec.space)}
    unique_keys: list[UniqueKey] = []
    constraints: dict[str, str] = {}
    for found in keys(connection, str(key)):
        is_replaced = found.is_primary and _primary_columns(table) not in ((), found.columns)
        if is_replaced or not needed <= set(found.columns):
            constraints[found.name] = found.definition
        if is_replaced:
            unique_keys.append(_primary_key(table, found.name))
    _forget_drops(context, upgrade_ops, key, constraints)
    dropped, made = _absorbed_indexes(context, upgrade_ops, key)
    return CreateHypertableOp(
        table=name_of(context, key),
        time_column=spec.time_column,
        chunk_interval=spec.chunk_interval,
        space=spec.space,
        unique_keys=(*unique_keys, *made),
        drop_constraints=constraints,
        drop_indexes=dropped,
    )


def restoring_op(
    context: AutogenContext, key: Relation, found: HypertableSpec, table: Table
) -> DropHypertableOp:
    """The way back to a plain table with the primary key that is declared for it."""
    wanted = _primary_columns(table)
    existing = [k for k in keys(connection_of(context), str(key)) if k.is_primary]
    replaced = [k for k in existing if wanted and k.columns != wanted]
    constraints: dict[str, str] = {}
    if wanted and not any(k.columns == wanted for k in existing):
        name = str(table.primary_key.name or f"{table.name}_pkey")
        constraints[name] = f"PRIMARY KEY ({joined(map(ident, wanted))})"
    return DropHypertableOp(
        table=name_of(context, key),
        time_column=found.time_column,
        chunk_interval=found.chunk_interval,
        space=found.space,
        unique_keys=tuple(
            UniqueKey(name=k.name, columns=tuple(map(ident, k.columns)), primary=True)
            for k in replaced
        ),
        drop_constraints=constraints,
    )


def _primary_columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


def _primary_key(table: Table, found_name: str) -> UniqueKey:
    return UniqueKey(
        name=str(table.primary_key.name or found_name),
        columns=tuple(map(ident, _primary_columns(table))),
        primary=True,
    )


def _forget_drops(
    context: AutogenContext, upgrade_ops: UpgradeOps, key: Relation, constraints: dict[str, str]
) -> None:
    for group in list(upgrade_ops.ops):
        if not isinstance(group, ModifyTableOps):
            continue
        if Relation(group.schema or default_schema(context), group.table_name) != key:
            continue
        group.ops = [
            op
            for op in group.ops
            if not (isinstance(op, DropConstraintOp) and op.constraint_name in constraints)
        ]
        if group.is_empty():
            upgrade_ops.ops.remove(group)


def _absorbed_indexes(
    context: AutogenContext, upgrade_ops: UpgradeOps, key: Relation
) -> tuple[dict[str, str], list[UniqueKey]]:
    dropped: dict[str, str] = {}
    made: list[UniqueKey] = []
    for op in list(upgrade_ops.ops):
        if not isinstance(op, CreateChunkIndexOp | DropChunkIndexOp):
            continue
        if key_of(context, op.table) != key:
            continue
        if isinstance(op, DropChunkIndexOp):
            dropped[op.name] = str(create_statement(op.spec, ()))
        elif _is_plain_unique(op):
            made.append(UniqueKey(name=op.name, columns=tuple(op.columns)))
        else:
            continue
        upgrade_ops.ops.remove(op)
    return dropped, made


def _is_plain_unique(op: CreateChunkIndexOp) -> bool:
    is_more = op.include or op.where or op.nulls_not_distinct or op.options
    return op.unique and op.using == "btree" and not is_more
