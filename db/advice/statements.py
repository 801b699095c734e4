"""What pg_stat_statements has counted, and the plans of those statements.

https://www.postgresql.org/docs/current/pgstatstatements.html
"""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from db.errors import OIError
from db.timescale.sqltext import named_statements

_LOG_TAIL_BYTES = 4 << 20
_LOGGED_PLAN = re.compile(
    r"duration: (?P<ms>[\d.]+) ms  plan:\n(?P<body>(?:\t.*\n)+)", re.MULTILINE
)
_QUERY_TEXT = "\tQuery Text: "


class StatisticsMissingError(OIError):
    """The server keeps no statistics of statements."""


class CountedStatement(NamedTuple):
    """A normalized statement ($1 for its constants); times in milliseconds, pages of 8 KiB."""

    query_id: int
    statement: str
    calls: int
    mean_ms: float
    max_ms: float
    total_ms: float
    row_count: int
    pages: int
    temp_pages: int


@dataclass(frozen=True)
class LoggedPlan:
    """A plan that auto_explain wrote into the server's log."""

    duration_ms: float
    statement: str
    plan: str


def slow_statements(
    connection: Connection, *, threshold_ms: float, most: int
) -> tuple[CountedStatement, ...]:
    """Statements whose mean or longest run reached the threshold, most time in all first.

    Raises StatisticsMissingError.
    """
    return _counted(connection, "slow_statements", threshold_ms=threshold_ms, most=most)


def top_statements(
    connection: Connection, *, threshold_ms: float, least_calls: int, most: int
) -> tuple[CountedStatement, ...]:
    """Reads by the time they took in all; raises StatisticsMissingError."""
    return _counted(
        connection,
        "top_statements",
        threshold_ms=threshold_ms,
        least_calls=least_calls,
        most=most,
    )


def generic_plan(connection: Connection, statement: str) -> dict[str, Any] | None:
    """The plan for unknown constants, as EXPLAIN's JSON; None where the server cannot make one.

    Needs PostgreSQL 16 and a statement that can be planned (no DDL, no cut-off text).
    """
    if _server_version(connection) < 16:
        return None
    try:
        with connection.begin_nested():
            # past SQLAlchemy: $1, % and : in the text must reach the server as they are
            found = connection.exec_driver_sql(
                "EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) " + statement
            ).scalar()
    except DBAPIError:
        return None
    return dict(found[0]["Plan"]) if found else None


def logged_plans(connection: Connection, *, threshold_ms: float) -> tuple[LoggedPlan, ...] | None:
    """Plans auto_explain has logged of late, slowest first; None where no log can be read."""
    where = _one(connection, "plan_log")
    if where.log_min_duration is None or where.log_file is None:
        return None
    tail = _one(connection, "log_tail", log_file=where.log_file, size_bytes=_LOG_TAIL_BYTES).tail
    plans = parsed_log(tail or "")
    slow = (plan for plan in plans if plan.duration_ms >= threshold_ms)
    return tuple(sorted(slow, key=lambda plan: -plan.duration_ms))


def parsed_log(log: str) -> tuple[LoggedPlan, ...]:
    """The plans in auto_explain's text format.

    https://www.postgresql.org/docs/current/auto-explain.html
    """
    found = []
    for match in _LOGGED_PLAN.finditer(log):
        lines = match["body"].splitlines()
        at = next((n for n, line in enumerate(lines) if _is_plan_node(line)), len(lines))
        statement = "\n".join(lines[:at]).removeprefix(_QUERY_TEXT).replace("\n\t", "\n")
        plan = "\n".join(line.removeprefix("\t") for line in lines[at:])
        found.append(LoggedPlan(float(match["ms"]), statement, plan))
    return tuple(found)


def _is_plan_node(line: str) -> bool:
    return "(cost=" in line and not line.startswith(_QUERY_TEXT)


def _counted(connection: Connection, name: str, **binds: Any) -> tuple[CountedStatement, ...]:
    kept = _one(connection, "statistics_are_kept")
    if not kept.is_loaded:
        raise StatisticsMissingError(
            "pg_stat_statements is not loaded: add it to shared_preload_libraries and restart "
            "the server."
        )
    if not kept.is_created:
        raise StatisticsMissingError(
            "This database has no statement statistics: run CREATE EXTENSION pg_stat_statements."
        )
    rows = connection.execute(_named(name), binds)
    return tuple(CountedStatement._make(row) for row in rows)


def _one(connection: Connection, name: str, **binds: Any) -> Row[Any]:
    return connection.execute(_named(name), binds).one()


def _named(name: str) -> Any:
    return text(named_statements("db.advice", "statements.sql")[name])


def _server_version(connection: Connection) -> int:
    version = connection.dialect.server_version_info
    return int(version[0]) if version else 0
