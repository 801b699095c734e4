"""What the catalog knows of a table that is converted."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from db.convert.errors import BlockedError
from db.convert.session import Connection, Row, catalog
from db.timescale.sqltext import Relation, relation


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnFact:
    """One column; `default_expression` is SQL or None, `is_binary`: COPY can send it as it is."""

    name: str
    type: str
    is_required: bool
    is_generated: bool
    is_identity: bool
    is_unhashable: bool
    is_binary: bool
    default_expression: str | None
    comment: str | None
    statistics_target: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexFact:
    """One index; `constraint_type` is 'p', 'u', 'x' or None."""

    name: str
    is_unique: bool
    is_valid: bool
    is_whole: bool
    definition: str
    constraint_type: str | None
    constraint_definition: str | None
    is_replica_identity: bool
    columns: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFacts:
    """A table as it stands."""

    oid: int
    schema: str
    name: str
    kind: str
    estimated_rows: int
    replica_identity: str
    has_row_security: bool
    has_rules: bool
    storage_options: list[str]
    comment: str | None
    owner: str
    is_hypertable: bool
    hypertable_id: int | None
    is_inherited: bool
    columns: tuple[ColumnFact, ...]
    indexes: tuple[IndexFact, ...]

    @property
    def relation(self) -> Relation:
        return Relation(self.schema, self.name)

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def column(self, name: str) -> ColumnFact:
        """The column of that name; raises BlockedError without one."""
        for column in self.columns:
            if column.name == name:
                return column
        raise BlockedError(f"{self.schema}.{self.name} has no column {name}.")


def find(connection: Connection, name: str) -> int | None:
    """The oid of a relation named `name` or `schema.name`; None without one.

    As it stands, as declarations have it, or else quoted as in SQL, as a person types it.
    """
    for spelled in (relation(name), name):
        # before PostgreSQL 16 a name that is none in SQL is an error
        with suppress(psycopg.errors.InvalidName, psycopg.errors.SyntaxError):
            for row in catalog(connection, "resolve", name=spelled):
                return int(row["oid"])
    return None


def read(connection: Connection, oid: int) -> TableFacts:
    """The facts of one table."""
    facts = catalog(connection, "facts", oid=oid)[0]
    return TableFacts(
        **facts,
        columns=tuple(ColumnFact(**row) for row in catalog(connection, "columns", oid=oid)),
        indexes=tuple(IndexFact(**row) for row in catalog(connection, "indexes", oid=oid)),
    )


def named(connection: Connection, name: str) -> TableFacts:
    """The facts of the table of that name; raises BlockedError when it is not there."""
    oid = find(connection, name)
    if oid is None:
        raise BlockedError(f"There is no table {name} in this database.")
    return read(connection, oid)


def fingerprint(connection: Connection, oid: int) -> dict[str, str]:
    """What a table is beside its rows: each part, as "columns" or "triggers", with its hash."""
    return {row["part"]: row["hash"] for row in catalog(connection, "fingerprint", oid=oid)}


def has_columnstore(connection: Connection, table: TableFacts) -> bool:
    """Whether the table is a hypertable with the columnstore enabled."""
    if not table.is_hypertable:
        return False
    rows = catalog(connection, "has_columnstore", hypertable_id=table.hypertable_id)
    return bool(rows and rows[0]["enabled"])


def labels(rows: list[Row], key: str = "label") -> list[Any]:
    """One column of catalog rows."""
    return [row[key] for row in rows]
