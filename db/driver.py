"""psycopg's own cursor of a SQLAlchemy connection, for COPY and binary results."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from db.driver_errors import raise_if_unavailable

if TYPE_CHECKING:
    from psycopg import Connection as Driver
    from psycopg import Cursor


@contextmanager
def driver_cursor(connection: Connection, *, binary: bool = False) -> "Iterator[Cursor[Any]]":
    """A cursor in the connection's transaction; its errors are raised as the engine raises them.

    With `binary` results come in PostgreSQL's binary form. Raises TypeError for another driver.
    """
    import psycopg

    try:
        with driver_of(connection).cursor(binary=binary) as cursor:
            yield cursor
    except psycopg.Error as error:
        raise_if_unavailable(error)
        wrapped = DBAPIError.instance(
            "a statement of psycopg", None, error, psycopg.Error, dialect=connection.dialect
        )
        raise wrapped from error


def driver_of(connection: Connection) -> "Driver[Any]":
    """psycopg's own connection behind a connection; raises TypeError for another driver."""
    import psycopg

    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"COPY needs psycopg, not {type(driver).__module__}")
    return driver
