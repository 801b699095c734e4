"""Binary COPY of encoded columns in the caller's transaction."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from db.driver import driver_cursor

if TYPE_CHECKING:
    from psycopg import sql


def copy_into(
    connection: Connection, table: Sequence[str], fields: Sequence[str], blocks: Iterable[bytes]
) -> None:
    """Copy `blocks`, made by `db.binary_copy` of those fields, into a table (schema and name)."""
    copying = _statement(tuple(table), tuple(fields))
    with driver_cursor(connection) as cursor, cursor.copy(copying) as copy:
        for block in blocks:
            copy.write(block)


@cache
def _statement(table: tuple[str, ...], fields: tuple[str, ...]) -> "sql.Composed":
    from psycopg import sql

    names = sql.SQL(", ").join(map(sql.Identifier, fields))
    copying = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)")
    return copying.format(sql.Identifier(*table), names)
