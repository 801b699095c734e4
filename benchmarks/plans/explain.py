"""Runs EXPLAIN on a statement as the application would send it."""

from typing import Any

from psycopg import Connection, sql

from benchmarks.plans.node import ExplainedPlan, parse_plan
from benchmarks.server.databases import Session
from benchmarks.timing.requests import Parameters, Request

_EXPLAIN = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON) {}")
_TIMED = sql.SQL("EXPLAIN (ANALYZE, BUFFERS OFF, FORMAT JSON) {}")
_PLAIN = sql.SQL("EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, FORMAT JSON) {}")


def explain(connection: Connection[Any], statement: str, parameters: Parameters) -> ExplainedPlan:
    """Run a statement under EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON).

    Parameters are bound, never written into the text; the planner sees them as constants, which
    is also what `plan_cache_mode = force_custom_plan` gives the application.
    https://www.postgresql.org/docs/current/sql-explain.html
    """
    return _plan(connection, _EXPLAIN.format(sql.SQL(statement)), parameters)


def explained(session: Session, request: Request) -> list[ExplainedPlan]:
    """The plans of a request's statements, run once each."""
    return [explain(session, statement.text, statement.parameters) for statement in request]


def server_times(
    connection: Connection[Any], statement: str, parameters: Parameters
) -> tuple[float, float, float]:
    """Planning, start and end of the executor, and running between them, in ms.

    Run twice: with every node timed, which tells the executor's start from its running, and
    without, because reading the clock for each row is no part of a read.
    """
    timed, plain = (
        _plan(connection, template.format(sql.SQL(statement)), parameters)
        for template in (_TIMED, _PLAIN)
    )
    start_ms = max(0.0, timed.execution_ms - timed.root.total_ms * timed.root.loops)
    return plain.planning_ms, start_ms, max(0.0, plain.execution_ms - start_ms)


def _plan(
    connection: Connection[Any], query: sql.Composed, parameters: Parameters
) -> ExplainedPlan:
    with connection.cursor() as cursor:
        row = cursor.execute(query, parameters).fetchone()
    if row is None:
        raise LookupError("EXPLAIN returned nothing")
    return parse_plan(row[0][0])
