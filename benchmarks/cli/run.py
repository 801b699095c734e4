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
  temperature  "warm" or "warm and cold"
  cold         with --cold: method (whether the OS cache could be dropped), rounds, duration_s
  upgrade_s    seconds the copy took from baseline to head
  one_core     whether client and server shared a core: false where the server is not within reach
  round_trip_ms  what a statement takes that does nothing, median
  nothing      the same statement asked as each query is: after_ms (prepared), first_ms,
               unprepared_ms, call_ms, pooler_ms, pooler_prepared_ms
  pooler       PgBouncer: version; missing: why there are no figures of it, or none any more
  columnstore_times  how many times smaller closed days of the chain are there; null without one
  frame        30 days of features into pandas: rows, columns, same_values, ms (before, ours and,
               where it is installed, duckdb: in this process, in memory), speedup, speedup_95,
               times_duckdb
  queries      one object a query:
    name, title, group, rows, same_rows, difference
    before_ms, after_ms, floor_ms   medians of interleaved rounds, rows drained
    first_ms                        with nothing prepared: what to prepare the statements costs
    unprepared_ms                   parsed anew at each run
    call_ms                         the read as the application calls it: pool, transaction, rows
    pooler_ms                       the same call through PgBouncer in transaction mode
    pooler_prepared_ms              the same if the application prepared statements there
    speedup, speedup_95             before / after and its 95 % interval
    floors                          after / floor
    target                          speedup, floors, columnstore_ms (instead of both, where that
                                    is read), met
    cold                            with --cold: before_ms, after_ms, speedup
    times                           count, min, p50, p95, p99, max of each side
    split                           before, after, floor: statements, kept (plans, of them)
                                    and where their ms go: round trips, planning, start (and
                                    end) of the executor, running, sending (and parsing), python
    plans                           before, after: statements, shape, figures, documents
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options()
@query_option
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Interleaved rounds.",
)
@click.option(
    "--cold",
    is_flag=True,
    help="Also time first executions, each after a restart of its own; local server only.",
)
@click.option(
    "--cold-rounds",
    type=click.IntRange(1, 6),
    default=2,
    show_default=True,
    help="Restarts a query.",
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
    cold: bool,
    cold_rounds: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Time and explain each query before and after the migrations, on the same history.

    --cold: for each query the local server is stopped, the operating system's cache is dropped
    (where that is not permitted the result says so), the server is started, both databases are
    connected to, and the first execution of the query on each is timed: planning with empty
    catalog caches and reading from disk, without the start of a process. The sides take turns at
    going first. Each query has restarts of its own, because the first one would warm the pages of
    those after it; about two seconds each. Refused where others use the server.
    """
    from benchmarks.errors import BenchmarkError
    from benchmarks.parts.before_after import compare_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("run", json_file, out) as result:
        compare_on(
            chosen_server(url),
            spec,
            result,
            queries=queries,
            rounds=rounds,
            cold_rounds=cold_rounds if cold else 0,
        )
    different = [q["name"] for q in result.data["queries"] if not q["same_rows"]]
    if different:
        raise BenchmarkError(f"Before and after return different rows: {', '.join(different)}.")
