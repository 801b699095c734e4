"""Binary COPY of encoded columns in the caller's transaction."""

from collections.abc import Iterable, Sequence
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from db.driver import driver_cursor
from db.watch import statement_ended

if TYPE_CHECKING:
    from psycopg import sql


def copy_into(
    connection: Connection, table: Sequence[str], fields: Sequence[str], blocks: Iterable[bytes]
) -> None:
    """Copy `blocks`, made by `db.binary_copy` of those fields, into a table (schema and name)."""
    copying = _statement(tuple(table), tuple(fields))
    began, rows = perf_counter(), None
    try:
        with driver_cursor(connection) as cursor:
            with cursor.copy(copying) as copy:
                for block in blocks:
                    copy.write(block)
            rows = cursor.rowcount
    finally:
        statement_ended(f"copy {table[-1]}", began, rows, failed=rows is None)


@cache
def _statement(table: tuple[str, ...], fields: tuple[str, ...]) -> "sql.Composed":
    from psycopg import sql

    names = sql.SQL(", ").join(map(sql.Identifier, fields))
    copying = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)")
    return copying.format(sql.Identifier(*table), names)
