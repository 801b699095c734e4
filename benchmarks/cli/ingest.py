"""Snapshots stored row by row, by COPY, as the collector does, and days in bulk; rollup lag."""

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
  dataset            the history the snapshots are added to
  snapshots          instants stored in each way
  rows_per_snapshot  contracts of all exchanges at one instant
  ways               by name, and whether on legacy tables, a bare hypertable (the chain as one, a
                     day a chunk, and nothing else) or migrated ones, in turn for each instant:
                     count, min_ms, p50_ms, p95_ms, p99_ms, max_ms (one instant of all exchanges,
                     committed), rows_per_s; first_ms: the first, which opens the day's chunk and
                     is in none of these; cpu_ms: of the server's session for one of them, the
                     median; null where the server runs elsewhere. The lookup asks and stores
                     nothing: what the old program does before each save
  functions          by migrated way: its functions in the database, dearest first: function,
                     calls, self_ms (without those it calls), total_ms; each an instant of all
                     exchanges, stored once more with every call timed
  visible_ms         from commit until the one-minute rollup shows it: p50_ms, p99_ms, …
  refresh_ms         refreshing all rollups after each instant, the buckets that are open left to
                     their source, as the policies do: p50_ms, p99_ms, …
  full_width         chains of all strikes there are: contracts, snapshot_ms (one instant of all
                     exchanges stored), edge_ms (shown, not stored): p50_ms, p99_ms, …;
                     edge_share: of one core, when it is shown each second (elapsed, at most)
  sustained          a day of all exchanges through load_history on one connection, one
                     transaction an exchange, then all rollups refreshed: rows, rows_per_s (both
                     in the time), load_s, rollups_s
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=3)
@click.option(
    "--snapshots",
    default=40,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Instants stored in each way.",
)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    snapshots: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Store the same snapshots in every way: legacy tables, a bare hypertable, migrated ones."""
    from benchmarks.parts.ingest import ingest_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("ingest", json_file, out) as result:
        ingest_on(chosen_server(url), spec, result, snapshots=snapshots)
