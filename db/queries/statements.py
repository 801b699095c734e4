"""Loads the named statements of this package's .sql files and makes rows of their results.

They go to psycopg itself, and rows come back in PostgreSQL's binary form: half the time of a read
of a chain was text made of numbers on one side and numbers made of text on the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from db.driver import driver_cursor
from db.market.clock import IST, to_naive_ist
from db.timescale.sqltext import named_statements
from db.watch import statement_ended

RowT = TypeVar("RowT", bound=NamedTuple)

# output columns of these names are market time
_INSTANTS = frozenset(
    (
        "bucket",
        "context_at",
        "day_open_at",
        "end",
        "ends",
        "oi_at",
        "opened",
        "prev_close_at",
        "start",
        "timestamp",
        "underlying_at",
    )
)


def is_left_out(connection: Connection, optimization: str) -> bool:
    """Whether the settings behind a connection leave an optimization out, by its name there."""
    return optimization in connection.get_execution_options().get("without", ())


def fetch(
    connection: Connection, row: type[RowT], file: str, name: str, **binds: Any
) -> tuple[RowT, ...]:
    """All rows of a named statement, its columns in the order of the row's fields."""
    return fetch_text(connection, row, f"{file}.{name}", text_of(file, name), binds)


def fetch_text(
    connection: Connection,
    row: type[RowT],
    name: str,
    text: str,
    binds: Mapping[str, Any],
    *,
    prepare: bool | None = None,
) -> tuple[RowT, ...]:
    """The same of what was made of a named statement, watched under that name.

    It is prepared once it was sent a few times, with `prepare` at once.
    """
    make = _maker(row)
    return tuple(make(values) for values in _values(connection, name, text, binds, prepare))


def text_of(file: str, name: str) -> str:
    """A named statement as it stands in its file."""
    return named_statements("db.queries", f"{file}.sql")[name]


def fetch_one(
    connection: Connection, row: type[RowT], file: str, name: str, **binds: Any
) -> RowT | None:
    """The first row of a named statement, or None."""
    found = _values(connection, f"{file}.{name}", text_of(file, name), binds)
    made: RowT | None = _maker(row)(found[0]) if found else None
    return made


def scalar(connection: Connection, file: str, name: str, binds: Mapping[str, Any]) -> Any:
    """The first column of the first row, or None."""
    found = _values(connection, f"{file}.{name}", text_of(file, name), binds)
    return found[0][0] if found else None


def _values(
    connection: Connection,
    name: str,
    text: str,
    binds: Mapping[str, Any],
    prepare: bool | None = None,
) -> Sequence[tuple[Any, ...]]:
    """The rows as the driver gives them; aware datetimes among the binds are market time."""
    sent = {key: _sent(value) for key, value in binds.items()}
    began = perf_counter()
    found: Sequence[tuple[Any, ...]] | None = None
    try:
        with driver_cursor(connection, binary=True) as cursor:
            found = cursor.execute(text, sent, prepare=prepare).fetchall()
            return found
    finally:
        rows = None if found is None else len(found)
        statement_ended(name, began, rows, failed=found is None)


def _sent(value: Any) -> Any:
    return to_naive_ist(value) if isinstance(value, datetime) else value


@cache
def _maker(row: type[Any]) -> Callable[[Iterable[Any]], Any]:
    """What makes a row of a driver's values: market time is naive there and aware in the row."""
    instants = tuple(i for i, field in enumerate(row._fields) if field in _INSTANTS)

    def make(values: Iterable[Any]) -> Any:
        known = list(values)
        for position in instants:
            moment = known[position]
            if moment is not None:
                known[position] = moment.replace(tzinfo=IST)
        return row._make(known)

    return make if instants else row._make
