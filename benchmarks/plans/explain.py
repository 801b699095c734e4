"""Runs EXPLAIN on a statement as the application would send it."""

from typing import Any

from psycopg import Connection, sql

from benchmarks.plans.node import ExplainedPlan, parse_plan
from benchmarks.server.databases import Session
from benchmarks.timing.requests import Parameters, Request

_EXPLAIN = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON) {}")


def explain(connection: Connection[Any], statement: str, parameters: Parameters) -> ExplainedPlan:
    """Run a statement under EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON).

    Parameters are bound, never written into the text; the planner sees them as constants, which
    is also what `plan_cache_mode = force_custom_plan` gives the application.
    https://www.postgresql.org/docs/current/sql-explain.html
    """
    query = _EXPLAIN.format(sql.SQL(statement))
    with connection.cursor() as cursor:
        row = cursor.execute(query, parameters).fetchone()
    if row is None:
        raise LookupError("EXPLAIN returned nothing")
    return parse_plan(row[0][0])


def explained(session: Session, request: Request) -> list[ExplainedPlan]:
    """The plans of a request's statements, run once each."""
    return [explain(session, statement.text, statement.parameters) for statement in request]
