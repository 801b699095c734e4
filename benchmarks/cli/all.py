"""The whole suite at a size that takes under 15 minutes on two cores, in one report."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import DatasetOptions, dataset_options
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  parts    the result documents of the single commands, with the keys their help names
  skipped  by command: why it could not run here
  failed   by command: the error that ended it
"""


@click.command(epilog=_KEYS)
@click.option(
    "--url",
    "urls",
    multiple=True,
    metavar="URL",
    help="A superuser's postgresql:// URL, repeatable; peers use all, everything else the first.",
)
@dataset_options(days=8)
@click.option("--only", multiple=True, metavar="COMMAND", help="Only these parts; repeatable.")
@click.option(
    "--readme",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Rewrite the section between the benchmark markers of this file.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the result document there.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the result folder is made (default: benchmarks/ below OI_HOME).",
)
def command(
    urls: tuple[str, ...],
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    only: tuple[str, ...],
    readme: Path | None,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Run every part one after the other; refresh the README's figures with --readme.

    Takes 11 to 14 minutes on two quiet cores. A part that fails is named and keeps no other from
    running. On the local server the queries are asked cold too; with two --url (one an edition)
    both editions are among the peers, and everything else runs on the first.
    """
    from benchmarks.cli._suite import run_all
    from benchmarks.errors import BenchmarkError
    from benchmarks.report import readme as generated
    from benchmarks.report import sections_of
    from benchmarks.report.results import plain
    from benchmarks.server.databases import server_at

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    if readme:
        generated.demand_markers(readme)
    servers = [server_at(url) for url in urls] or [server_at(None)]
    with recorded("all", json_file, out) as result:
        run_all(servers, spec, result, only=only)
    if readme:
        document = plain(result.document())
        generated.rewrite(readme, document, sections_of(document))
    if result.data["failed"]:
        raise BenchmarkError(f"These parts failed: {', '.join(result.data['failed'])}.")
