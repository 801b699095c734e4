"""What the catalog knows of the tables that plans name."""

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from db.timescale.sqltext import named_statements


class Relation(NamedTuple):
    """A table or chunk, and the hypertable it is part of (itself where it is none)."""

    root_schema: str
    root_name: str
    is_chunk: bool
    row_count: float
    size_bytes: int

    @property
    def root(self) -> str:
        """`name` in the schema public, else `schema.name`, as operations take it."""
        return qualified(self.root_schema, self.root_name)


class Hypertable(NamedTuple):
    """A hypertable with its newest closed chunk in the rowstore; None where there is none yet."""

    schema: str
    name: str
    time_column: str
    chunk_interval: timedelta
    chunk_count: int
    has_columnstore: bool
    row_count: float | None
    size_bytes: int | None
    closed_schema: str | None
    closed_name: str | None
    closed_row_count: float | None
    closed_size_bytes: int | None

    @property
    def root(self) -> str:
        return qualified(self.schema, self.name)


def qualified(schema: str, name: str) -> str:
    """A relation as declarations name it."""
    return name if schema == "public" else f"{schema}.{name}"


def relation_facts(connection: Connection, schema: str, name: str) -> Relation | None:
    """The relation of that name, or None."""
    row = run(connection, "relation_facts", schema=schema, name=name).first()
    return None if row is None else Relation._make(row)


def hypertables(connection: Connection) -> tuple[Hypertable, ...]:
    """Users' hypertables, those of rollups left out."""
    return tuple(Hypertable._make(row) for row in run(connection, "hypertables"))


def distinct_values(connection: Connection, schema: str, name: str, column: str) -> float | None:
    """About how many values a column has; None where it was never analyzed."""
    row = run(connection, "distinct_values", schema=schema, name=name, column=column).first()
    return None if row is None else float(row.values_count)


def rollup_sources(connection: Connection) -> tuple[Row[Any], ...]:
    """`name`, `source` and `group_by` of every rollup there is."""
    if not run(connection, "has_rollups").scalar_one():
        return ()
    return tuple(run(connection, "rollup_sources"))


def run(connection: Connection, statement: str, /, **binds: Any) -> Any:
    """A named statement of this module's file."""
    return connection.execute(
        text(named_statements("db.advice", "relations.sql")[statement]), binds
    )
