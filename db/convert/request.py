"""What is asked of a conversion: read from a declaration, written down, read back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, Index

from db.convert.blueprint import index_tail
from db.convert.errors import BlockedError
from db.convert.facts import TableFacts
from db.convert.model import TargetIndex
from db.timescale.converter import Conversion
from db.timescale.specs import HypertableSpec, SpaceDimension, UniqueKey, declared
from db.timescale.sqltext import Relation

_US = timedelta(microseconds=1)


def from_declaration(metadata: MetaData, found: TableFacts) -> Conversion:
    """What `metadata` declares for a table that is there; raises BlockedError if it does not.

    Keys and indexes of the table that are not declared go; their definitions are kept for the way
    back.
    """
    specs = {Relation.named(spec.table): spec for spec in declared(metadata, HypertableSpec)}
    spec = specs.get(found.relation)
    if spec is None:
        names = ", ".join(sorted(spec.table for spec in specs.values()))
        raise BlockedError(f"{found.name} is declared no hypertable; declared are {names}.")
    table = _tables(metadata)[found.relation]
    keys = tuple(_unique_keys(table))
    kept = {index.name for index in table.indexes}
    going = [index for index in found.indexes if index.name not in kept and index.is_valid]
    return Conversion(
        spec=spec,
        unique_keys=keys,
        drop_constraints={
            index.name: index.constraint_definition
            for index in going
            if index.constraint_definition is not None
        },
        drop_indexes={
            index.name: index.definition for index in going if index.constraint_definition is None
        },
    )


def indexes_ahead(metadata: MetaData, found: TableFacts) -> tuple[TargetIndex, ...]:
    """The declared indexes a table lacks that are not unique, as far as its columns allow."""
    table = _tables(metadata).get(found.relation)
    if table is None:
        return ()
    there = {column.name for column in found.columns}
    return tuple(
        TargetIndex(name=str(index.name), tail=index_tail(_statement(index)), is_unique=False)
        for index in sorted(table.indexes, key=lambda index: str(index.name))
        if not index.unique and {column.name for column in index.columns} <= there
    )


def as_json(conversion: Conversion) -> dict[str, Any]:
    """A conversion as JSON values."""
    spec = conversion.spec
    return {
        "table": spec.table,
        "time_column": spec.time_column,
        "chunk_interval_us": spec.chunk_interval // _US,
        "space": [[part.column, part.partitions] for part in spec.space],
        "unique_keys": [
            {"name": key.name, "columns": list(key.columns), "primary": key.primary}
            for key in conversion.unique_keys
        ],
        "drop_constraints": dict(conversion.drop_constraints),
        "drop_indexes": dict(conversion.drop_indexes),
    }


def from_json(value: Mapping[str, Any]) -> Conversion:
    """The reverse of `as_json`."""
    return Conversion(
        spec=HypertableSpec(
            table=value["table"],
            time_column=value["time_column"],
            chunk_interval=value["chunk_interval_us"] * _US,
            space=tuple(SpaceDimension(column=c, partitions=n) for c, n in value["space"]),
        ),
        unique_keys=tuple(
            UniqueKey(name=key["name"], columns=tuple(key["columns"]), primary=key["primary"])
            for key in value["unique_keys"]
        ),
        drop_constraints=value["drop_constraints"],
        drop_indexes=value["drop_indexes"],
    )


def _tables(metadata: MetaData) -> Mapping[Relation, Table]:
    return {Relation(t.schema or "public", t.name): t for t in metadata.tables.values()}


def _unique_keys(table: Table) -> list[UniqueKey]:
    keys = [
        UniqueKey(name=str(index.name), columns=_column_texts(index))
        for index in sorted(table.indexes, key=lambda index: str(index.name))
        if index.unique
    ]
    if table.primary_key.columns:
        columns = tuple(_quoted(column.name) for column in table.primary_key.columns)
        keys.append(UniqueKey(name=f"{table.name}_pkey", columns=columns, primary=True))
    return keys


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _column_texts(index: Index) -> tuple[str, ...]:
    compiler = CreateIndex(index).compile(dialect=_dialect()).sql_compiler
    return tuple(
        compiler.process(expression, include_table=False, literal_binds=True)
        for expression in index.expressions
        if not isinstance(expression, str)
    )


def _statement(index: Index) -> str:
    return str(CreateIndex(index).compile(dialect=_dialect()))


def _dialect() -> "postgresql.base.PGDialect":
    # "named": a % in a name stands for itself
    return postgresql.base.PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
