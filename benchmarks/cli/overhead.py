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
  wire              over HTTP, to one worker of the web server, on a connection that is kept:
                    request, requests_per_s and requests_per_s_without, cpu_us and clock_us
                    (median microseconds of a request that is not timed, though it has its id: of
                    the server's CPU, and until its answer was there), cpu_ratio and clock_ratio
                    (with : without, medians of neighbouring turns), cpu_ratio_95 and
                    clock_ratio_95 (their intervals)
  paths             within one process, without server and wire: path, with_us and without_us
                    (median microseconds to the answer), cpu_us (of the CPU, not timed), cost_us
                    (what timing adds to it, with what is counted off the request's path),
                    answer_ratio and cpu_ratio (as above)
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=1)
@click.option(
    "--requests",
    default=200,
    show_default=True,
    type=click.IntRange(10, 100_000),
    help="A turn's requests of each path; of the dashboard a tenth.",
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
    """Time requests with and without telemetry: over HTTP, and within one process."""
    from benchmarks.overhead.run import overhead_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("overhead", json_file, out) as result:
        overhead_on(chosen_server(url), spec, result, requests=requests, rounds=rounds)
