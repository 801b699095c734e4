"""Plain tables, a naive hypertable, the toolkit on each edition, DuckDB and ClickHouse."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import DatasetOptions, dataset_options, output_options, query_option
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  contenders  name, size_bytes; the first is what the rows of all others are compared with
  queries     name, title, rows, ms (by contender), floor_ms, floors (by contender: ms over
              floor_ms), differences (by contender whose rows differ: the first difference)
"""


@click.command(epilog=_KEYS)
@click.option(
    "--url",
    "urls",
    multiple=True,
    metavar="URL",
    help="A superuser's postgresql:// URL, repeatable: one a server (edition) to compare.",
)
@dataset_options()
@query_option
@click.option(
    "--rounds",
    default=3,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Interleaved rounds.",
)
@output_options
def command(
    urls: tuple[str, ...],
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
    """Ask the same questions of every way to keep the same history, in one run.

    DuckDB and ClickHouse (chdb) take part where their Python packages are installed.
    """
    from benchmarks.peers.contest import peers_on
    from benchmarks.server.databases import server_at

    servers = [server_at(url) for url in urls] or [server_at(None)]
    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("peers", json_file, out) as result:
        peers_on(servers, spec, result, queries=queries, rounds=rounds)
