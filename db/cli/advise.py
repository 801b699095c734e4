"""Advise on indexes, chunk intervals, columnstore and rollups, with evidence and migration text."""

import click

from db.cli._output import as_json_option, json_text
from db.command_line import MOST, Amount

_EPILOG = """\b
--json prints {"advice": [{kind, target, evidence, migration, statement}]}. Without --json it
prints nothing at all when there is nothing to say. It changes nothing.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.option(
    "--threshold-ms",
    type=Amount(min=0),
    default=5,
    show_default=True,
    help="Look at statements whose mean run takes at least this.",
)
@click.option(
    "--least-calls",
    type=click.IntRange(1, MOST),
    default=5,
    show_default=True,
    help="Look at statements that were called at least so often.",
)
@as_json_option
def command(threshold_ms: float, least_calls: int, as_json: bool) -> None:
    from db.advice.advice import advise
    from db.engine import connected, direct_engine

    with connected(direct_engine()) as connection:
        found = advise(connection, threshold_ms=threshold_ms, least_calls=least_calls)
    if as_json:
        click.echo(json_text({"advice": [advice.as_dict() for advice in found]}))
        return
    for advice in found:
        click.secho(f"{advice.kind}: {advice.target}", bold=True)
        if advice.statement:
            click.echo("  for " + " ".join(advice.statement.split())[:300])
        for line in advice.evidence:
            click.echo(f"  {line}")
        click.echo()
        click.echo("\n".join(f"    {line}" for line in advice.migration.splitlines()))
        click.echo()
