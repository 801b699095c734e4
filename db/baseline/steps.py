"""What the baseline revision does: creates the legacy tables, or adopts those that are there."""

from collections.abc import Iterator

from alembic.operations import Operations
from sqlalchemy import Connection, Inspector, Table, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from db.baseline.adoption import (
    UnrecognizedDatabaseError,
    all_differences,
    column_definition,
    creation,
    found_tables,
    missing_columns,
)
from db.baseline.tables import CHAIN_KEY, metadata
from db.timescale.execution import Executor
from db.timescale.sqltext import Fragment, compose, ident, raw, relation

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_LARGE = ("ml_features", "option_chain_snapshots")


def adopt_or_create(operations: Operations) -> None:
    """Bring a database to the baseline; raises UnrecognizedDatabaseError before any change."""
    executor = Executor.of(operations)
    if executor.offline:
        for table in metadata.sorted_tables:
            executor.run_all([*_create(table)])
        return
    require_recognized(executor.connection)
    found = found_tables(executor.connection)
    for table in metadata.sorted_tables:
        if table.name in found:
            executor.run_all([*_complete(executor.connection, table)])
        else:
            executor.run_all([*_create(table)])


def require_recognized(connection: Connection) -> None:
    """Raises UnrecognizedDatabaseError when the tables are not the old program's."""
    lines = all_differences(connection)
    if lines:
        raise UnrecognizedDatabaseError(lines)


def _create(table: Table) -> Iterator[Fragment]:
    return map(raw, creation(table, _DIALECT))


def _complete(connection: Connection, table: Table) -> Iterator[Fragment]:
    """Older columns, and PostgreSQL's own names for what an installer may have named itself."""
    for name in missing_columns(found_tables(connection)[table.name], table):
        yield compose(
            "ALTER TABLE {table} ADD COLUMN {definition}",
            table=relation(table.name),
            definition=raw(column_definition(table, name, _DIALECT)),
        )
    inspector = inspect(connection)
    yield from _named_keys(inspector, table)
    yield from _named_indexes(inspector, table)


def _named_keys(inspector: Inspector, table: Table) -> Iterator[Fragment]:
    primary = inspector.get_pk_constraint(table.name)
    if primary["name"] not in (None, f"{table.name}_pkey"):
        yield _rename_constraint(table, str(primary["name"]), f"{table.name}_pkey")
    for key in inspector.get_unique_constraints(table.name):
        is_chain_key = len(key["column_names"]) == 4
        if is_chain_key and key["name"] not in (None, CHAIN_KEY):
            yield _rename_constraint(table, str(key["name"]), CHAIN_KEY)


def _named_indexes(inspector: Inspector, table: Table) -> Iterator[Fragment]:
    """An index missing on a large table is not built: a later revision replaces it anyway."""
    found = {
        tuple(index["column_names"]): index["name"]
        for index in inspector.get_indexes(table.name)
        if not index["unique"]
    }
    taken = set(found.values())
    for index in table.indexes:
        name = found.get(tuple(column.name for column in index.columns))
        if name is not None and index.name not in taken:
            yield compose(
                "ALTER INDEX {old} RENAME TO {new}", old=ident(name), new=ident(str(index.name))
            )
        elif name is None and table.name not in _LARGE:
            yield raw(str(CreateIndex(index).compile(dialect=_DIALECT)))


def _rename_constraint(table: Table, old: str, new: str) -> Fragment:
    return compose(
        "ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}",
        table=relation(table.name),
        old=ident(old),
        new=ident(new),
    )
