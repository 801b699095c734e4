"""Latency, plan time, buffers, size, ingest and refresh cost from 1 to 100 million rows."""

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
from db.command_line import Amount

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  sizes   one object a size: rows, hot_rows, archived_rows (estimated), days, built_days,
          load_rows_per_s, grown_rows_per_s (null where nothing was repeated), size_bytes,
          snapshot_ms, refresh_ms, and the same of the smallest history measured in turn:
          smallest_snapshot_ms, smallest_refresh_ms;
          queries: name, title, ms, smallest_ms, times (ms / smallest_ms), times_95, floor_ms,
          floors, rows, same_rows (here and on the smallest), buffers, planning_ms,
          planning_buffers, chunks, fingerprint, shape
  too_large  rows and reason of each size that the disk would not hold
  growth  by query, largest against smallest: times (and its 95 % interval times_95), met
          (times at most 1.1), buffers, planning (ratios), exponent (0 does not grow, 1 grows
          with history)
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=1)
@query_option
@click.option(
    "--rows",
    "sizes",
    multiple=True,
    type=Amount(1, 1e9),
    default=(1e6, 1e7),
    show_default=True,
    metavar="ROWS",
    help="A size, repeatable; whole trading days that come closest (--days is ignored).",
)
@click.option(
    "--rounds",
    default=7,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Interleaved rounds a size.",
)
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
    """Show whether the dashboard's reads grow with history.

    The newest 45 trading days are loaded and migrated; older ones repeat them by whole weeks, put
    where collector, rollups and archive policy would have left them. The smallest history stays
    and is asked in turn with each larger one: growth is the ratio of their times. All four sizes
    (45 GiB of disk, about half an hour):

    \b
      python -m benchmarks scale --rows 1e6 --rows 1e7 --rows 5e7 --rows 1e8
    """
    from benchmarks.parts.scale import scale_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("scale", json_file, out) as result:
        wanted = [round(rows) for rows in sizes]
        scale_on(chosen_server(url), spec, result, sizes=wanted, queries=queries, rounds=rounds)
