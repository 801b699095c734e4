"""Latency, plan time, buffers, size, ingest and refresh cost at 1, 10, 50 and 100 million rows."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import (
    DatasetOptions,
    chosen_server,
    dataset_options,
    output_options,
    query_option,
    url_option,
)
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  sizes   one object a size: rows, days, load_rows_per_s, size_bytes, snapshot_ms, refresh_ms,
          queries (name, title, ms, floor_ms, floors, rows, same_rows, buffers, planning_ms,
          chunks)
  growth  by query: times (floors at the largest size over floors at the smallest), buffers
          (the same), exponent (0 does not grow, 1 grows with history)
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=1)
@query_option
@click.option(
    "--rows",
    "sizes",
    multiple=True,
    type=float,
    default=(1e6, 1e7, 5e7, 1e8),
    show_default=True,
    metavar="ROWS",
    help="A size, repeatable; whole trading days that come closest (--days is ignored).",
)
@click.option("--rounds", default=3, show_default=True, help="Interleaved rounds a size.")
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    queries: tuple[str, ...],
    sizes: tuple[float, ...],
    rounds: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Show whether the dashboard's reads grow with history."""
    from benchmarks.scale import scale_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("scale", json_file, out) as result:
        wanted = [round(rows) for rows in sizes]
        scale_on(chosen_server(url), spec, result, sizes=wanted, queries=queries, rounds=rounds)
