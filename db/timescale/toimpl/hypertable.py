"""Execution of the hypertable operations; each finds out first how far an earlier run got."""

from collections.abc import Iterable

from alembic.operations import Operations

from db.timescale.catalog.hypertable import holds_rows, hypertables, what_a_rebuild_loses
from db.timescale.converter import OPTION, Conversion, Converter
from db.timescale.errors import SpecError, TimescaleError
from db.timescale.execution import Executor
from db.timescale.ops.hypertable import (
    AddDimensionOp,
    CreateHypertableOp,
    DropDimensionOp,
    DropHypertableOp,
    SetChunkIntervalOp,
)
from db.timescale.specs import HypertableSpec, UniqueKey
from db.timescale.sqltext import (
    Fragment,
    compose,
    ident,
    interval,
    joined,
    literal,
    named_statements,
    raw,
    regclass,
    relation,
    split_relation,
)

_PACKAGE = "db.timescale.sql"


@Operations.implementation_for(CreateHypertableOp)
def create_hypertable(operations: Operations, op: CreateHypertableOp) -> None:
    """Adopt a hypertable, convert a populated table, or make an empty one a hypertable."""
    executor = Executor.of(operations)
    conversion = op.conversion
    found = _found(executor, op.table)
    if found is not None:
        _adopt(executor, conversion, found)
    elif converter := _converter(executor, op.table):
        with executor.outside_transaction():
            converter.convert(executor.connection.engine, conversion)
        return
    else:
        _create(executor, conversion)
    executor.run_all([*_drops(conversion)])
    executor.run_all([_add_key(op.table, key) for key in op.unique_keys])
    _let_go(executor)


@Operations.implementation_for(DropHypertableOp)
def drop_hypertable(operations: Operations, op: DropHypertableOp) -> None:
    """Make the hypertable plain with all rows and restore its old keys and indexes."""
    if op.with_table:
        return
    executor = Executor.of(operations)
    conversion = op.conversion
    is_hypertable = executor.offline or _found(executor, op.table) is not None
    converter = _converter(executor, op.table)
    if converter is not None and (
        is_hypertable or converter.has_begun(executor.connection.engine, conversion)
    ):
        with executor.outside_transaction():
            converter.revert(executor.connection.engine, conversion)
        return
    keys = [key.name for key in op.unique_keys]
    if is_hypertable:
        make_plain(executor, op.table, keys)
    executor.run_all([_drop_key(op.table, key) for key in op.unique_keys])
    executor.run_all([*_restores(conversion)])


@Operations.implementation_for(SetChunkIntervalOp)
def set_chunk_interval(operations: Operations, op: SetChunkIntervalOp) -> None:
    """Chunks that exist keep their span."""
    Executor.of(operations).run(
        _sql("set_chunk_interval", table=regclass(op.table), interval=interval(op.interval))
    )


@Operations.implementation_for(AddDimensionOp)
def add_dimension(operations: Operations, op: AddDimensionOp) -> None:
    """Add a hash dimension unless it is there."""
    executor = Executor.of(operations)
    executor.run(_dimension(op.table, op.column, op.partitions))


@Operations.implementation_for(DropDimensionOp)
def drop_dimension(operations: Operations, op: DropDimensionOp) -> None:
    """Rebuild the hypertable without the dimension; raises TimescaleError where that loses data."""
    executor = Executor.of(operations)
    if executor.offline:
        raise TimescaleError(
            f"Dropping a dimension of {op.table} reads what the table holds: run it without --sql."
        )
    found = _found(executor, op.table)
    if found is None or op.column not in {part.column for part in found.space}:
        return
    if kept := what_a_rebuild_loses(executor.connection, relation(op.table)):
        raise TimescaleError(
            f"Taking a dimension from {op.table} rebuilds it, which would lose {', '.join(kept)}: "
            "remove these in a revision before, and add them again in one after."
        )
    rest = tuple(part for part in found.space if part.column != op.column)
    make_plain(executor, op.table, [])
    _create(
        executor,
        Conversion(
            spec=HypertableSpec(
                table=op.table,
                time_column=found.time_column,
                chunk_interval=found.chunk_interval,
                space=rest,
            )
        ),
    )


def make_plain(executor: Executor, table: str, leave_out: Iterable[str]) -> None:
    """A hypertable as a plain table of the same name, without the named keys and indexes."""
    names = compose("ARRAY[{names}]::text[]", names=joined(literal(name) for name in leave_out))
    statements = named_statements(_PACKAGE, "plain_table.sql")
    executor.run(raw(statements["define"]))
    executor.run(
        compose(statements["call"], table=regclass(table), leave_out=names),
        label=f"{table}: copying all rows into a plain table",
        unlimited=True,
    )
    executor.run(raw(statements["forget"]))


def _create(executor: Executor, conversion: Conversion) -> None:
    spec = conversion.spec
    if executor.offline:
        executor.notice(
            f"{spec.table}: rows that are there move under an exclusive lock; to convert the table "
            "while it is in use, run alembic upgrade without --sql"
        )
    executor.run_all([*_drops(conversion)])
    executor.run(
        _sql(
            "create",
            table=regclass(spec.table),
            time_column=literal(spec.time_column),
            chunk_interval=interval(spec.chunk_interval),
        ),
        label=f"{spec.table}: becoming a hypertable",
        unlimited=True,
    )
    executor.run_all([_dimension(spec.table, part.column, part.partitions) for part in spec.space])


def _adopt(executor: Executor, conversion: Conversion, found: HypertableSpec) -> None:
    wanted = conversion.spec
    if found.time_column != wanted.time_column:
        raise SpecError(
            f"{wanted.table} is a hypertable on {found.time_column} already, not on "
            f"{wanted.time_column}: make it a plain table first."
        )
    if found.chunk_interval != wanted.chunk_interval:
        executor.run(
            _sql(
                "set_chunk_interval",
                table=regclass(wanted.table),
                interval=interval(wanted.chunk_interval),
            )
        )
    executor.run_all(
        [
            _dimension(wanted.table, part.column, part.partitions)
            for part in wanted.space
            if part not in found.space
        ]
    )


def _let_go(executor: Executor) -> None:
    """Commit, where tables are in use: who reads this one should not wait for the next."""
    if not executor.offline and executor.options.get(OPTION) is not None:
        with executor.outside_transaction():
            pass


def _found(executor: Executor, table: str) -> HypertableSpec | None:
    if executor.offline:
        return None
    return next(iter(hypertables(executor.connection, relation(table)).values()), None)


def _converter(executor: Executor, table: str) -> Converter | None:
    converter: Converter | None = executor.options.get(OPTION)
    if executor.offline or converter is None:
        return None
    return converter if holds_rows(executor.connection, relation(table)) else None


def _drops(conversion: Conversion) -> Iterable[Fragment]:
    table = conversion.spec.table
    for name in conversion.drop_constraints:
        yield _drop_constraint(table, name)
    for name in conversion.drop_indexes:
        yield _drop_index(table, name)


def _restores(conversion: Conversion) -> Iterable[Fragment]:
    table = conversion.spec.table
    for name, definition in conversion.drop_constraints.items():
        yield _add_constraint(table, name, definition)
    for name, definition in conversion.drop_indexes.items():
        yield _sql(
            "add_index",
            regclass=regclass(table),
            literal=literal(name),
            definition=raw(definition),
        )


def _add_key(table: str, key: UniqueKey) -> Fragment:
    columns = joined(map(raw, key.columns))
    if key.primary:
        return _add_constraint(table, key.name, compose("PRIMARY KEY ({columns})", columns=columns))
    return compose(
        "CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({columns})",
        name=ident(key.name),
        table=relation(table),
        columns=columns,
    )


def _drop_key(table: str, key: UniqueKey) -> Fragment:
    return _drop_constraint(table, key.name) if key.primary else _drop_index(table, key.name)


def _add_constraint(table: str, name: str, definition: str) -> Fragment:
    return _sql(
        "add_constraint",
        regclass=regclass(table),
        literal=literal(name),
        table=relation(table),
        name=ident(name),
        definition=raw(definition),
    )


def _drop_constraint(table: str, name: str) -> Fragment:
    return compose(
        "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",
        table=relation(table),
        name=ident(name),
    )


def _drop_index(table: str, name: str) -> Fragment:
    schema, _ = split_relation(table)
    qualified = f"{schema}.{name}" if schema else name
    return compose("DROP INDEX IF EXISTS {name}", name=relation(qualified))


def _dimension(table: str, column: str, partitions: int) -> Fragment:
    return _sql(
        "add_dimension",
        table=regclass(table),
        column=literal(column),
        partitions=literal(partitions),
    )


def _sql(statement: str, /, **parts: Fragment) -> Fragment:
    return compose(named_statements(_PACKAGE, "hypertable.sql")[statement], **parts)
