"""Baseline to head and back, one revision at a time: what each costs and what it brings."""

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
  dataset     the history
  revisions   one object a revision, in order:
    revision
    cost      duration_s, longest_block_ms (a reader and a writer probing every 20 ms),
              statements_probed, errors, wal_bytes, size_bytes, size_change_bytes; null at first
    queries   name, title, asked_by (read or legacy SQL), ms, legacy_ms, reference_ms, relative
              (ms / reference_ms), fingerprint, shape, buffers, rows, row_error, chunks, …
  downgrades  revision reached, cost
  slower      revision, name, was_ms, ms, factor: what a revision made slower
  rows_lost   rows of the chain missing after the way up and down
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=6)
@query_option
@click.option(
    "--rounds",
    default=3,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Interleaved rounds a revision.",
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
    rounds: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Measure every migration: its time, longest block, WAL, size, and each query after it.

    A query that a revision slows is shown in red. WAL is counted for the whole server.
    """
    from benchmarks.errors import BenchmarkError
    from benchmarks.parts.walk import walk_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("walk", json_file, out) as result:
        walk_on(chosen_server(url), spec, result, queries=queries, rounds=rounds)
    if result.data["rows_lost"]:
        raise BenchmarkError(f"{result.data['rows_lost']} rows are missing after the walk.")
