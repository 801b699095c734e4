"""The online conversion of the chain, up and down, with traffic that never stops and kills."""

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
  dataset            the history that is converted
  rows, duration_s, rows_per_s  from the first start of the migration to its end, kills included
  longest_block_ms   of any statement of the reader or the writer
  writes, reads      count, p50_ms, p95_ms, p99_ms, max_ms of their statements
  histogram_ms       statements by how long they took at most
  statements_failed, failures
  kills_survived     times the migration was killed (SIGKILL) before it ended
  rows_lost          loaded or acknowledged rows that are not there
  rows_doubled       rows beyond one a natural key
  wal_bytes_per_row  of the whole server meanwhile
  downgrade          the same keys for the way back
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options()
@click.option(
    "--rows",
    type=click.IntRange(1),
    help="Rows instead of --days: whole trading days that come closest.",
)
@click.option("--kills", default=5, show_default=True, help="Kills each way at random moments.")
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    rows: int | None,
    kills: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Convert while a writer and a reader never stop; kill it K times; count every row."""
    from benchmarks.converting import convert_on
    from benchmarks.errors import BenchmarkError

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    spec = spec.sized(rows) if rows else spec
    with recorded("convert", json_file, out) as result:
        convert_on(chosen_server(url), spec, result, kills=kills)
    both = (result.data, result.data["downgrade"])
    wrong = sum(abs(way["rows_lost"]) + way["rows_doubled"] for way in both)
    if wrong:
        raise BenchmarkError(f"{wrong} rows were lost or doubled; see the report.")
