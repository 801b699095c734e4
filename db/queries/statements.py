"""Loads the named statements of this package's .sql files and makes rows of their results."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.sql.expression import TextualSelect

from db.clock import MarketTime
from db.timescale.sqltext import named_statements

RowT = TypeVar("RowT", bound=NamedTuple)

# binds and output columns of these names are market time
_INSTANTS = (
    "at",
    "bucket",
    "context_at",
    "day_open_at",
    "end",
    "prev_close_at",
    "start",
    "timestamp",
)


@cache
def statement(
    file: str, name: str, row: type[NamedTuple] | None = None
) -> TextClause | TextualSelect:
    """A named statement; with `row` its columns are that row's fields, in order."""
    clause: TextClause = text(named_statements("db.queries", f"{file}.sql")[name])
    instants = [bind for bind in _INSTANTS if bind in clause.compile().params]
    clause = clause.bindparams(*(bindparam(bind, type_=MarketTime) for bind in instants))
    if row is None:
        return clause
    return clause.columns(**{field: MarketTime for field in row._fields if field in _INSTANTS})


def fetch(
    connection: Connection, row: type[RowT], file: str, name: str, **binds: Any
) -> tuple[RowT, ...]:
    """All rows of a named statement, its columns in the order of the row's fields."""
    result = connection.execute(statement(file, name, row), binds)
    return tuple(map(row._make, result))


def fetch_one(
    connection: Connection, row: type[RowT], file: str, name: str, **binds: Any
) -> RowT | None:
    """The first row of a named statement, or None."""
    found = connection.execute(statement(file, name, row), binds).first()
    return None if found is None else row._make(found)


def scalar(connection: Connection, file: str, name: str, binds: Mapping[str, Any]) -> Any:
    """The first column of the first row, or None."""
    return connection.execute(statement(file, name), binds).scalar()
