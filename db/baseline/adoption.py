"""Recognizes a legacy database and completes what an older installation lacks.

Any nullable column may be missing, any table absent, and indexes may have other names; every
other difference stops the migration before anything is changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Inspector,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from db.baseline.names import borne_by_others, elsewhere, hypertables
from db.baseline.tables import metadata
from db.errors import OIError

# names that later revisions give to things of their own
RESERVED = (
    "chain_summary",
    "contract_1d",
    "contract_5m",
    "oi_1d",
    "oi_1m",
    "oi_5m",
    "option_chain_latest",
    "snapshot_touched",
    "snapshots",
)


class UnrecognizedDatabaseError(OIError):
    """The database holds something else than the legacy program's tables."""

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        lines = "".join(f"\n  - {line}" for line in self.differences)
        super().__init__(
            "This database is not one of the legacy program's; nothing was changed. "
            f"Settle these differences, then run this again:{lines}"
        )


@dataclass(frozen=True)
class FoundColumn:
    """A column as the database has it; `type` is SQL."""

    name: str
    type: str
    nullable: bool
    has_default: bool


@dataclass(frozen=True)
class FoundTable:
    """A table as the database has it; `keys` are its primary and unique keys."""

    name: str
    columns: tuple[FoundColumn, ...]
    keys: frozenset[frozenset[str]]
    is_hypertable: bool = False


def found_tables(connection: Connection) -> dict[str, FoundTable]:
    """The tables of the default schema that carry a legacy name."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    partitioned = hypertables(connection)
    return {
        name: replace(
            _found(inspector, connection.dialect, name), is_hypertable=name in partitioned
        )
        for name in metadata.tables
        if name in there
    }


def taken_names(connection: Connection) -> list[str]:
    """Reserved names that relations of the default schema bear already."""
    inspector = inspect(connection)
    there = {*inspector.get_table_names(), *inspector.get_view_names()}
    return sorted(there & {*RESERVED, *(f"{name}_history" for name in metadata.tables)})


def differences(found: FoundTable, wanted: Table, dialect: Dialect) -> Iterator[str]:
    """What keeps a found table from being the wanted one, a sentence each."""
    known = {column.name: column for column in found.columns}
    for name in known.keys() - {column.name for column in wanted.columns}:
        yield f"{found.name}.{name}: the legacy program knows no such column."
    for column in wanted.columns:
        there = known.get(column.name)
        if there is None:
            if not column.nullable:
                yield f"{found.name}.{column.name} is missing and must not be empty."
            continue
        type_ = column.type.compile(dialect)
        if there.type != type_:
            yield f"{found.name}.{column.name} is {there.type}, not {type_}."
        if there.nullable and not column.nullable:
            yield f"{found.name}.{column.name} may be empty; SET NOT NULL on it."
    for key in _wanted_keys(wanted):
        if key not in found.keys:
            yield _without_key(found, key)


def missing_columns(found: FoundTable, wanted: Table) -> Iterator[str]:
    """Names of columns that an older installation lacks."""
    known = {column.name for column in found.columns}
    return (column.name for column in wanted.columns if column.name not in known)


def column_definition(table: Table, name: str, dialect: Dialect) -> str:
    """A column as ADD COLUMN takes it."""
    return str(CreateColumn(table.columns[name]).compile(dialect=dialect)).strip()


def creation(table: Table, dialect: Dialect) -> Iterator[str]:
    """The statements that create a table with its indexes."""
    yield str(CreateTable(table).compile(dialect=dialect)).strip()
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield str(CreateIndex(index).compile(dialect=dialect)).strip()


def all_differences(connection: Connection) -> list[str]:
    """Everything unrecognized in a database that carries no revision yet."""
    found = found_tables(connection)
    lines = [
        line
        for name, table in found.items()
        for line in differences(table, metadata.tables[name], connection.dialect)
    ]
    return [
        *(
            f"{name}: the old program's tables are looked for in the schema public; move it there "
            f"(ALTER TABLE {name} SET SCHEMA public), or rename it where it is but a copy."
            for name in elsewhere(connection, metadata)
        ),
        *sorted(lines),
        *(
            f"{name}: the name is needed here."
            for name in (*borne_by_others(connection, metadata), *taken_names(connection))
        ),
    ]


def _without_key(found: FoundTable, key: frozenset[str]) -> str:
    columns = ", ".join(sorted(key))
    if found.is_hypertable and "timestamp" not in key:
        return (
            f"{found.name} is a hypertable that somebody made, and holds no key on ({columns}): "
            f"copy its rows into a table that is made LIKE it, ADD PRIMARY KEY ({columns}) there, "
            "and give that one its name."
        )
    return f"{found.name}: no primary or unique key on ({columns})."


def _wanted_keys(table: Table) -> set[frozenset[str]]:
    return {
        frozenset(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
    }


def _found(inspector: Inspector, dialect: Dialect, name: str) -> FoundTable:
    return FoundTable(
        name=name,
        columns=tuple(_found_column(column, dialect) for column in inspector.get_columns(name)),
        keys=frozenset(map(frozenset, _found_keys(inspector, name))),
    )


def _found_column(column: Any, dialect: Dialect) -> FoundColumn:
    return FoundColumn(
        name=column["name"],
        type=column["type"].compile(dialect),
        nullable=column["nullable"],
        has_default=column["default"] is not None,
    )


def _found_keys(inspector: Inspector, name: str) -> Iterator[Sequence[str]]:
    yield inspector.get_pk_constraint(name)["constrained_columns"]
    for key in inspector.get_unique_constraints(name):
        yield key["column_names"]
    for index in inspector.get_indexes(name):
        if index["unique"]:
            yield [column for column in index["column_names"] if column is not None]
