"""Show statements that take longer than a second, with their plans."""

from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, json_text
from db.command_line import Amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from db.advice.statements import CountedStatement, LoggedPlan

_EPILOG = """\b
--json prints {"threshold_ms": N, "statements": [{query_id, statement, calls, mean_ms, max_ms,
total_ms, row_count, pages, temp_pages, plan}], "logged_plans": [{duration_ms, statement, plan}]};
"logged_plans" is null where auto_explain is not loaded or its log cannot be read through SQL.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.option(
    "--threshold-ms",
    type=Amount(min=0),
    default=1000,
    show_default=True,
    help="Mean or longest run from which a statement is slow.",
)
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True)
@as_json_option
def command(threshold_ms: float, most: int, as_json: bool) -> None:
    from dataclasses import asdict

    from db.advice.statements import generic_plan, logged_plans, slow_statements
    from db.engine import connected, direct_engine

    with connected(direct_engine()) as connection:
        slow = slow_statements(connection, threshold_ms=threshold_ms, most=most)
        logged = logged_plans(connection, threshold_ms=threshold_ms)
        if as_json:
            statements = [
                {**one._asdict(), "plan": generic_plan(connection, one.statement)} for one in slow
            ]
            plans = None if logged is None else [asdict(logged_plan) for logged_plan in logged]
            click.echo(
                json_text(
                    {
                        "threshold_ms": threshold_ms,
                        "statements": statements,
                        "logged_plans": plans,
                    }
                )
            )
        else:
            _print(connection, slow, logged, threshold_ms)


def _print(
    connection: "Connection",
    slow: "Sequence[CountedStatement]",
    logged: "Sequence[LoggedPlan] | None",
    threshold_ms: float,
) -> None:
    from db.advice.plan_text import plan_lines
    from db.advice.statements import generic_plan

    for one in slow:
        click.secho(
            f"{one.total_ms:,.0f} ms in all: {one.calls} calls, mean {one.mean_ms:,.1f} ms, "
            f"longest {one.max_ms:,.1f} ms, {one.pages / one.calls:,.0f} pages a call",
            bold=True,
        )
        click.echo(one.statement.strip())
        plan = generic_plan(connection, one.statement)
        for line in plan_lines(plan) if plan else ["(no plan: not plannable by itself)"]:
            click.echo(f"  {line}")
        click.echo()
    if not slow:
        click.echo(f"No statement has taken {threshold_ms:g} ms.")
    if logged is None:
        click.echo("Plans as they ran: load auto_explain with the logging collector to see them.")
    for seen in logged or ():
        click.secho(f"logged: {seen.duration_ms:,.1f} ms", bold=True)
        click.echo(f"{seen.statement}\n{seen.plan}\n")
