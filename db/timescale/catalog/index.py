"""Indexes as PostgreSQL understands them, found or wanted.

A wanted definition is given to PostgreSQL on an empty copy of the table and read back, so that two
texts for the same index compare equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, MetaData, Row, Table, text
from sqlalchemy.schema import CreateIndex

from db.timescale.specs import IndexSpec
from db.timescale.sqltext import (
    Fragment,
    Relation,
    compose,
    ident,
    joined,
    named_statements,
    raw,
    relation,
)
from db.timescale.statements import execute

_COPY = "timescale_index_copy"
_PACKAGE = "db.timescale.sql"


@dataclass(frozen=True, slots=True)
class FoundIndex:
    """An index of the database; one behind a constraint is the constraint's business."""

    spec: IndexSpec
    is_valid: bool
    is_constraint: bool


def indexes(connection: Connection, table: str) -> Sequence[FoundIndex]:
    """The indexes of `table` (`name` or `schema.name`); of a table that is not there, none."""
    statement = named_statements(_PACKAGE, "index.sql")["found"]
    rows = connection.execute(text(statement), {"relation": relation(table)})
    return [_found(table, row) for row in rows]


def understood(connection: Connection, spec: IndexSpec) -> IndexSpec:
    """The spec in PostgreSQL's own words; what it refuses raises as it would when built."""
    copy = replace(spec, table=f"pg_temp.{_COPY}")
    trial = connection.begin_nested()
    try:
        make_copy(connection, _COPY, spec.table)
        # a temporary index lives in its table's schema, whatever the name's qualification
        execute(connection, create_statement(copy, ()))
        (found,) = indexes(connection, copy.table)
    finally:
        trial.rollback()
    return replace(found.spec, table=spec.table)


def declared_indexes(
    connection: Connection, table: Table, found_as: Relation
) -> Sequence[IndexSpec]:
    """The indexes of a declared table in PostgreSQL's own words.

    `found_as` is the table in the database, which is copied without rows;
    columns it does not have yet are added to the copy.
    """
    if not table.indexes:
        return []
    trial = connection.begin_nested()
    try:
        make_copy(connection, found_as.name, str(found_as))
        for statement in _missing_columns(connection, table, found_as):
            execute(connection, statement)
        copy = table.to_metadata(MetaData(), schema="pg_temp")
        for index in copy.indexes:
            # how it is built makes no difference to what it is
            index.dialect_options["postgresql"]["concurrently"] = False
            connection.execute(CreateIndex(index))
        found = indexes(connection, f"pg_temp.{found_as.name}")
    finally:
        trial.rollback()
    return [replace(index.spec, table=str(found_as)) for index in found]


def make_copy(connection: Connection, copy: str, table: str) -> None:
    """Makes an empty temporary table with the columns of `table`, or none where it is not there."""
    statements = named_statements(_PACKAGE, "index.sql")
    values = {"relation": relation(table)}
    columns = connection.execute(text(statements["columns"]), values).scalar_one()
    execute(connection, compose(statements["copy"], copy=ident(copy), columns=raw(columns or "")))


def create_statement(
    spec: IndexSpec, options: Sequence[str], *, concurrently: bool = False, quietly: bool = False
) -> Fragment:
    """CREATE INDEX with further storage options, such as TimescaleDB's.

    `WITH` stands before `WHERE` (timescale/timescaledb#9483).
    """
    settings = [*options, *(f"{name} = {value}" for name, value in spec.options)]
    words = [
        "CREATE",
        "UNIQUE" if spec.unique else "",
        "INDEX",
        "CONCURRENTLY" if concurrently else "",
        "IF NOT EXISTS" if quietly else "",
        ident(spec.name),
        "ON",
        relation(spec.table),
        "USING",
        ident(spec.using),
        _list(spec.columns),
        "INCLUDE " + _list(spec.include) if spec.include else "",
        "NULLS NOT DISTINCT" if spec.nulls_not_distinct else "",
        "WITH " + _list(settings) if settings else "",
        "WHERE " + spec.where if spec.where else "",
    ]
    return joined((raw(word) for word in words if word), " ")


def _missing_columns(
    connection: Connection, table: Table, found_as: Relation
) -> Iterator[Fragment]:
    query = text(
        """
        SELECT attname AS name
        FROM pg_attribute
        WHERE attrelid = to_regclass(:relation) AND attnum > 0 AND NOT attisdropped
        """
    )
    there = connection.execute(query, {"relation": relation(str(found_as))}).scalars().all()
    for column in table.columns:
        if column.name not in there:
            yield compose(
                "ALTER TABLE {copy} ADD COLUMN {column} {type}",
                copy=relation(f"pg_temp.{table.name}"),
                column=ident(column.name),
                type=raw(column.type.compile(dialect=connection.dialect)),
            )


def _list(parts: Sequence[str]) -> Fragment:
    return compose("({parts})", parts=joined(map(raw, parts)))


def _found(table: str, row: Row[Any]) -> FoundIndex:
    return FoundIndex(
        spec=IndexSpec(
            name=row.name,
            table=table,
            columns=tuple(row.columns),
            unique=row.is_unique,
            using=row.method,
            include=tuple(row.include),
            where=row.predicate,
            nulls_not_distinct=row.nulls_not_distinct,
            options=tuple(sorted(_options(row.options).items())),
        ),
        is_valid=row.is_valid,
        is_constraint=row.is_constraint,
    )


def _options(options: Sequence[str] | None) -> Mapping[str, str]:
    pairs = (option.split("=", 1) for option in options or ())
    return {name: value for name, value in pairs}
