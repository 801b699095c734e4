"""A live database to head, back and to head again, with traffic that never stops and kills."""

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
from db.command_line import MOST

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  dataset            the history that is converted
  alone              what the traffic met before the first way, in duration_s with nothing else
                     done: longest_block_ms, longest_elsewhere_ms, histogram_ms
  rows, rows_per_s   the chain's rows, and how many a second its conversion (0004) on the first
                     way up copied, compared and swapped, while a process was at it
  wal_bytes_per_row  of the whole server during that revision
  longest_block_ms   of any statement of the reader or the writer on any way
  longest_elsewhere_ms  of a bystander's SELECT 1, which needs no table: what the machine alone
                     makes a statement wait
  kills, kills_survived  asked for; migrations that were running, killed (SIGKILL) and started again
  rows_lost          loaded or acknowledged rows that are not there, in the table or its archive,
                     or not as last acknowledged: the worst of the counts after each way
  rows_doubled       rows beyond one a natural key: the worst of the counts after each way
  statements_failed  of all ways
  histogram_ms       statements by how long they took at most, all ways
  slowest            the longest statements of the traffic as the server showed them, looked at
                     every 10 ms: started (Unix time, s), stood_ms, looks (how often it was seen
                     in which wait event; running: it had or wanted a processor), lock_ms (waited
                     for a lock until then), holder (what the one in front was running),
                     disk_stood_ms (the disk of the server's data was asked and completed nothing
                     for so long meanwhile; null where it is not this machine's)
  lock_waits         the same of those that waited for a lock, longest wait first
  duration_s         of all ways, kills and restarts included
  downgrade          the same keys for the first way down
  ways               upgrade, downgrade, upgrade, and more pairs while kills were left; each:
    rows_per_s, wal_bytes_per_row (of the whole way), duration_s, working_s (without the time
    between a kill and the next start), longest_block_ms, longest_elsewhere_ms,
    longest_lock_wait_ms, lock_held_by,
    writes and reads (count, p50_ms, p95_ms, p99_ms, max_ms), histogram_ms, writes_histogram_ms,
    reads_histogram_ms, statements_failed, failures, kills_survived, starts, stops (what starts
    that failed said), rows_lost, rows_doubled, and
    revisions        one object each: revision ("finish" drops the replaced tables before the way
                     down), started_s, duration_s, working_s, kills, longest_write_ms,
                     longest_read_ms, longest_elsewhere_ms, longest_lock_wait_ms, lock_held_by,
                     wal_bytes
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options()
@click.option(
    "--rows",
    type=click.IntRange(1, MOST),
    help="Rows instead of --days: whole trading days that come closest.",
)
@click.option(
    "--kills",
    type=click.IntRange(0, 10_000),
    default=5,
    show_default=True,
    help="Kills at random moments, over all ways; 0 gives the pure rate.",
)
@click.option(
    "--finish/--undo",
    default=True,
    show_default=True,
    help="Drop the replaced tables before the way down, so that it copies every row back; or keep "
    "them, so that it puts them back.",
)
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
    finish: bool,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Upgrade to head, downgrade and upgrade while a writer and a reader never stop.

    Kills the migration K times on the way, and counts every row after each way.
    """
    from benchmarks.errors import BenchmarkError
    from benchmarks.parts.convert import convert_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    spec = spec.sized(rows) if rows else spec
    with recorded("convert", json_file, out) as result:
        convert_on(chosen_server(url), spec, result, kills=kills, finish=finish)
    wrong = abs(result.data["rows_lost"]) + result.data["rows_doubled"]
    if wrong:
        raise BenchmarkError(f"{wrong} rows were lost or doubled; see the report.")
