"""The plan of a named statement, whatever its values: nothing of them can be in it."""

import re
from functools import cache
from importlib.resources import files

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from db.driver import driver_cursor
from db.errors import NotStoredError
from db.timescale.sqltext import named_statements

_VALUE = re.compile(r"%\((\w+)\)s")
# what is copied out is a query, too
_COPY = re.compile(r"\ACOPY \((.*)\) TO STDOUT.*\Z", re.DOTALL)
# an operator of values whose types are nowhere written, and values without any type
_UNKNOWN_TYPES = ("42883", "42P18")
_OLDEST_SERVER = 160_000


def generic_plan(connection: Connection, name: str) -> list[str]:
    """The lines of the plan that the server would keep for `file.name` of these queries.

    Raises NotStoredError where there is no such statement, for one whose values alone tell of which
    types they are, and for a server before PostgreSQL 16, which plans none without its values.
    https://www.postgresql.org/docs/current/sql-explain.html
    """
    text = _numbered(_COPY.sub(r"\1", statement_text(name)))
    try:
        with driver_cursor(connection) as cursor:
            if cursor.connection.info.server_version < _OLDEST_SERVER:
                raise NotStoredError("Plans are shown by PostgreSQL 16 and later.")
            cursor.execute(f"EXPLAIN (GENERIC_PLAN, COSTS, SETTINGS) {text}".encode())
            return [line for (line,) in cursor.fetchall()]
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _UNKNOWN_TYPES:
            raise
        raise NotStoredError(f"The server plans {name} with its values alone.") from error


@cache
def known_statements() -> frozenset[str]:
    """The names of all statements whose plan can be shown."""
    return frozenset(
        f"{each.name.removesuffix('.sql')}.{name}"
        for each in files("db.queries").iterdir()
        if each.name.endswith(".sql")
        for name in named_statements("db.queries", each.name)
    )


def statement_text(name: str) -> str:
    """The statement as it stands in its file; raises NotStoredError where there is none."""
    if name not in known_statements():
        raise NotStoredError(f"There is no statement {name[:40]!r} here.")
    file, _, statement = name.partition(".")
    return named_statements("db.queries", f"{file}.sql")[statement]


def _numbered(text: str) -> str:
    """With $1, $2, … where psycopg puts values."""
    names: dict[str, int] = {}
    numbered = _VALUE.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", text)
    return numbered.replace("%%", "%")
