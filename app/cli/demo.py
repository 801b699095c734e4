"""Run everything on this machine with a simulated market."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import URL


@click.command
@click.option(
    "--days",
    default=10,
    show_default=True,
    type=click.IntRange(0, 500),
    help="Trading days of history to have.",
)
def command(days: int) -> None:
    """Run database, simulated market and dashboard until Ctrl-C.

    History that is missing is made first, minute by minute.
    """
    from app.demo.run import run
    from db.settings import settings

    run(settings(), click.echo, lambda url: _fill(url, days))


def _fill(url: "URL", days: int) -> None:
    """Store what is missing of the last trading days, behind a progress bar."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from app.demo.past import fill
    from db.engine import engine_for
    from db.settings import settings

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    engine = engine_for(url, application_name="oi-history")
    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"Simulating what is missing of the last {days} trading days…", err=True)
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(f"Simulating {days} trading days", total=None)
            fill(
                engine,
                days=days,
                effect=settings().simulate_effect,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        engine.dispose()
