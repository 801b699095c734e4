"""Before against after: each dashboard query on the legacy tables and on the migrated database.

Loads one generated history at the baseline revision, copies that database, upgrades the copy,
then asks both every question in interleaved rounds and compares the rows.
"""

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
  dataset      days, strikes, cadence_s, end, seed, rows, load_rows_per_s
  temperature  "warm" or "cold"
  upgrade_s    seconds the copy took from baseline to head
  queries      one object a query:
    name, title, group, rows, same_rows, difference
    before_ms, after_ms, floor_ms   medians of interleaved rounds, rows drained
    call_ms                         the read as the application calls it
    speedup, speedup_95             before / after and its 95 % interval
    floors                          after / floor
    target                          speedup, floors, met
    times                           count, min, p50, p95, p99, max of each side
    plans                           before, after: statements, shape, figures, documents
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options()
@query_option
@click.option("--rounds", default=5, show_default=True, help="Interleaved rounds.")
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
    """Time and explain each query before and after the migrations, on the same history."""
    from benchmarks.before_after import compare_on
    from benchmarks.errors import BenchmarkError

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("run", json_file, out) as result:
        compare_on(chosen_server(url), spec, result, queries=queries, rounds=rounds)
    different = [q["name"] for q in result.data["queries"] if not q["same_rows"]]
    if different:
        raise BenchmarkError(f"Before and after return different rows: {', '.join(different)}.")
