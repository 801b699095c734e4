"""Explains the application's reads on a database that somebody else filled."""

from collections.abc import Mapping, Sequence
from datetime import date

import click

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.parts.check import application_plans
from benchmarks.plans.planned import Planned
from benchmarks.server.databases import Session
from benchmarks.timing.requests import driver_session
from benchmarks.workloads import chosen
from db.urls import database_url


def inspected(given: str | None, queries: Sequence[str]) -> Mapping[str, Planned]:
    """The plans by query; parameters are drawn from the days the database holds.

    Raises SettingsError where --database is no URL of one.
    """
    from db.engine import database_url as configured
    from db.engine import engine_for

    url = configured() if given is None else database_url(given, "--database")
    engine = engine_for(url, read_only=True)
    try:
        with driver_session(engine) as session:
            return application_plans(engine, session, chosen(queries), _held(session))
    finally:
        engine.dispose()


def print_plans(found: Mapping[str, Planned], *, full: bool) -> None:
    """Print each query's statements with the shape and figures of their plans."""
    for name, plan in found.items():
        figures = plan.figures
        click.secho(f"{name}  {plan.fingerprint}", bold=True)
        click.echo(
            f"  {figures.buffers} buffers, {figures.scanned_rows:.0f} rows read, "
            f"{figures.chunks} chunks, estimates off by {figures.row_error:.1f} ×, "
            f"planning {figures.planning_ms:.2f} ms, execution {figures.execution_ms:.2f} ms"
        )
        for number, lines in enumerate(plan.shape):
            text = _json(plan.documents[number]) if full else "\n".join(lines)
            click.echo("\n".join(f"    {line}" for line in text.splitlines()))
        click.echo()


def _held(session: Session) -> DatasetSpec:
    """The trading days of a database as a history to draw parameters from."""
    row = session.execute(
        "SELECT max(timestamp)::date, count(DISTINCT timestamp::date) FROM snapshots"
    ).fetchone()
    last: date | None = row[0] if row else None
    if row is None or last is None:
        raise BenchmarkError("This database holds no snapshots; there is nothing to explain.")
    return DatasetSpec(days=min(500, row[1]), end=last)


def _json(value: object) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
