"""Query plans against the stored ones: fails on another shape, more pages, worse estimates.

Loads a small history, upgrades it, explains every read of the application, and compares with
benchmarks/plans/baseline.json. Time alone never fails a check.
"""

from pathlib import Path

import click

from benchmarks.cli._options import chosen_server, output_options, query_option, url_option
from benchmarks.cli._output import demand_places, recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  dataset   the history that was loaded
  baseline  the server kind compared with, such as apache-17
  passed    true when there is no finding
  findings  query, kind (shape, buffers, chunks, rows read, row estimate, missing), message
  plans     by query: fingerprint, shape, buffers, chunks, scanned_rows, row_error
"""


@click.command(epilog=_KEYS)
@url_option
@query_option
@click.option("--update", is_flag=True, help="Store today's plans as the baseline instead.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Another file than the stored baseline.",
)
@output_options
def command(
    url: str | None,
    queries: tuple[str, ...],
    update: bool,
    baseline: Path | None,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Compare the plans of the application's reads with the stored baseline."""
    from benchmarks.errors import BenchmarkError
    from benchmarks.parts.check import check_on
    from benchmarks.plans.baselines import FILE, stored, write_baseline

    file = baseline or FILE
    # a file that cannot be used is told before a minute has passed
    if update:
        demand_places(file)
    if not update or file.exists():
        stored(file)
    with recorded("check", json_file, out) as result:
        entries = check_on(
            chosen_server(url), result, queries=queries, baseline=None if update else file
        )
    if update:
        write_baseline(file, result.data["baseline"], entries, whole=not queries)
        click.echo(f"Stored {len(entries)} plans for {result.data['baseline']} in {file}.")
    elif not result.data["passed"]:
        raise BenchmarkError(f"{len(result.data['findings'])} plans are worse than the baseline.")
