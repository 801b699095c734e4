"""The plans of the application's reads on any migrated database, without timing anything."""

from pathlib import Path

import click

from benchmarks.cli._options import query_option


@click.command()
@query_option
@click.option(
    "--database",
    metavar="URL",
    help="The migrated database whose reads are explained; it is only read. Without it that of "
    "OI_DATABASE_URL, else the local server's.",
)
@click.option("--full", is_flag=True, help="Print EXPLAIN's whole JSON instead of the shape.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write one JSON document there instead of printing.",
)
def command(
    queries: tuple[str, ...], database: str | None, full: bool, json_file: Path | None
) -> None:
    """Show how each read is planned on an existing database: shape, buffers, rows, chunks.

    \b
    Keys of --json: schema_version and plans, by query: statements, shape, fingerprint, figures
    (buffers, buffers_read, planning_buffers, temp_blocks, rows, scanned_rows, row_error, chunks,
    planning_ms, execution_ms), settings, documents (EXPLAIN's own).
    """
    from benchmarks.parts.inspect import inspected, print_plans
    from benchmarks.report.results import SCHEMA_VERSION, write_json

    found = inspected(database, queries)
    if json_file:
        write_json({"schema_version": SCHEMA_VERSION, "plans": found}, json_file)
    else:
        print_plans(found, full=full)
