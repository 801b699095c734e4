"""Closed chunks moved into the archive: rows a second, WAL, space, and reading from there."""

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
  dataset            the history; what is older than 30 days is due
  chunks, rows       moved
  duration_s, rows_per_s, wal_bytes_per_row
  size_change_bytes  of the database; negative when the archive is smaller
  rows_lost          rows that neither side holds any more
  as_of_archived_ms  chain as of a random archived instant: count, p50_ms, p95_ms, p99_ms, …
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=45)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Archive what is due, count both sides, and read chains back from the archive."""
    from benchmarks.errors import BenchmarkError
    from benchmarks.parts.archive import archive_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("archive", json_file, out) as result:
        archive_on(chosen_server(url), spec, result)
    if result.data["rows_lost"]:
        raise BenchmarkError(f"{result.data['rows_lost']} rows were lost on the way.")
