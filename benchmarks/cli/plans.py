"""The plans of the application's reads on any migrated database, without timing anything."""

import click

from benchmarks.cli._options import query_option


@click.command()
@query_option
@click.option(
    "--database",
    required=True,
    metavar="URL",
    help="The migrated database whose reads are explained; it is only read.",
)
@click.option("--full", is_flag=True, help="Print EXPLAIN's whole JSON instead of the shape.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(queries: tuple[str, ...], database: str, full: bool, as_json: bool) -> None:
    """Show how each read is planned on an existing database: shape, buffers, rows, chunks.

    \b
    Keys of --json, by query: statements, shape, fingerprint, figures (buffers, buffers_read,
    planning_buffers, temp_blocks, rows, scanned_rows, row_error, chunks, planning_ms,
    execution_ms), settings, documents (EXPLAIN's own).
    """
    from benchmarks.inspection import inspected, print_json, print_plans

    found = inspected(database, queries)
    if as_json:
        print_json(found)
    else:
        print_plans(found, full=full)
