"""What it costs to time each request, as a ratio in one run."""

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

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  requests, rounds  of each path, with timing and without, in turns
  paths             path, with_us and without_us (median microseconds to the answer), cpu_us (of
                    the CPU, not timed), cost_us (what timing adds to it, with what is counted off
                    the request's path), answer_ratio and cpu_ratio (with : without, medians of
                    neighbouring turns)
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=1)
@click.option(
    "--requests",
    default=50,
    show_default=True,
    type=click.IntRange(10, 100_000),
    help="A turn's requests of each path.",
)
@click.option(
    "--rounds",
    default=60,
    show_default=True,
    type=click.IntRange(3, 1000),
    help="Turns of each kind.",
)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    requests: int,
    rounds: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Time a request's path with and without telemetry, within one process."""
    from benchmarks.web.overhead import overhead_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("overhead", json_file, out) as result:
        overhead_on(chosen_server(url), spec, result, requests=requests, rounds=rounds)
