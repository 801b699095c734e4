"""The writers' statements, and the driver's own cursor for COPY."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError

from db.clock import MarketTime
from db.engine import raise_if_unavailable
from db.timescale.sqltext import named_statements

if TYPE_CHECKING:
    from psycopg import Cursor

_INSTANTS = ("timestamp", "first", "last")


@cache
def statement(name: str) -> TextClause:
    """A statement of ingest.sql; its instants are bound as market time."""
    clause = text(named_statements("db.ingest", "ingest.sql")[name])
    instants = [bind for bind in _INSTANTS if f":{bind}" in clause.text]
    return clause.bindparams(*(bindparam(bind, type_=MarketTime) for bind in instants))


def copy_statement(name: str) -> str:
    """The same for the driver's cursor."""
    return statement(name).text


@contextmanager
def driver_cursor(connection: Connection) -> "Iterator[Cursor[Any]]":
    """psycopg's cursor of this connection; its errors are raised as the engine raises them."""
    import psycopg

    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"COPY needs psycopg, not {type(driver).__module__}")
    try:
        with driver.cursor() as cursor:
            yield cursor
    except psycopg.Error as error:
        raise_if_unavailable(error)
        wrapped = DBAPIError.instance(
            "COPY", None, error, psycopg.Error, dialect=connection.dialect
        )
        raise wrapped from error
