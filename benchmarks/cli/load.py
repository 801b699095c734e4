"""Users (Locust) who sign in, open the dashboard and follow it live, in growing numbers."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import (
    DatasetOptions,
    chosen_server,
    dataset_options,
    output_options,
    url_option,
)
from benchmarks.cli._output import recorded
from db.command_line import Amount

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  objective_ms  what p99 of /api/data must stay below
  seconds       length of a step
  steps         workers, users, requests, requests_per_s, pushes, failures, p50_ms, p95_ms,
                p99_ms (all of /api/data), memory_bytes, connections
  capacity      by workers: users and requests_per_s of the last step within the objective
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=2)
@click.option(
    "--users",
    multiple=True,
    type=click.IntRange(1, 5000),
    default=(10, 50, 100, 200),
    show_default=True,
    help="A step, repeatable.",
)
@click.option(
    "--workers",
    multiple=True,
    type=click.IntRange(1, 64),
    default=(1, 2, 4),
    show_default=True,
    help="Processes of the web server, repeatable.",
)
@click.option(
    "--seconds",
    default=15,
    show_default=True,
    type=click.IntRange(1, 3600),
    help="Length of a step.",
)
@click.option(
    "--objective-ms",
    default=100.0,
    show_default=True,
    type=Amount(0.1, 60_000),
    help="What p99 must stay below.",
)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    users: tuple[int, ...],
    workers: tuple[int, ...],
    seconds: int,
    objective_ms: float,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Requests a second and p99 against users; the capacity at which p99 leaves its objective."""
    from benchmarks.web.load import load_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("load", json_file, out) as result:
        load_on(
            chosen_server(url),
            spec,
            result,
            users=sorted(users),
            workers=sorted(workers),
            seconds=seconds,
            objective_ms=objective_ms,
        )
