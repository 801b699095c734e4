"""Find unused, duplicate, invalid and bloated indexes, and mend them."""

from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, json_text, table_text
from db.command_line import Amount
from db.sizes import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from db.advice.findings import Finding
    from db.advice.logical import LogicalIndex

_EPILOG = """\b
--json prints {"counted_days": N, "indexes": [{table, name, chunks, scans, last_scan, size_bytes,
is_unique, is_valid, definition}], "findings": [{kind, table, index, size_bytes, evidence,
statements}]}. Exit code 0 whether or not something was found.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.option(
    "--min-days",
    type=Amount(min=0),
    default=7,
    show_default=True,
    help="Call an index unused only when use was counted this long.",
)
@click.option("--apply", "applies", is_flag=True, help="Run the statements, after asking.")
@click.option("--yes", is_flag=True, help="With --apply: do not ask.")
@as_json_option
def command(min_days: float, applies: bool, yes: bool, as_json: bool) -> None:
    from db.advice.findings import judge
    from db.advice.logical import logical_indexes, statistics_days
    from db.engine import connected, direct_engine

    engine = direct_engine()
    with connected(engine) as connection:
        indexes = logical_indexes(connection)
        counted_days = statistics_days(connection)
    findings = judge(indexes, counted_days=counted_days, min_days=min_days)
    if as_json:
        click.echo(json_text(_document(indexes, findings, counted_days)))
    else:
        _print(indexes, findings, counted_days, min_days)
    if applies and any(finding.statements for finding in findings):
        _apply(engine, findings, yes)


def _print(
    indexes: "Sequence[LogicalIndex]",
    findings: "Sequence[Finding]",
    counted_days: float,
    min_days: float,
) -> None:
    from db.advice.findings import WORTH_BYTES

    by_size = sorted(indexes, key=lambda index: -index.size_bytes)
    large = [index for index in by_size if index.size_bytes >= WORTH_BYTES]
    rows = (
        (index.table, index.name, len(index.chunks), index.scans, size_text(index.size_bytes))
        for index in large
    )
    click.echo(table_text(("table", "index", "chunks", "scans", "size"), rows))
    small_bytes = sum(index.size_bytes for index in by_size[len(large) :])
    if small_bytes:
        count = len(by_size) - len(large)
        click.echo(f"and {count} of less than a megabyte, {size_text(small_bytes)} in all")
    click.echo()
    for finding in findings:
        size = size_text(finding.size_bytes)
        click.secho(f"{finding.kind}: {finding.table} {finding.index} ({size})", fg="red")
        click.echo(f"  {finding.evidence}")
        for statement in finding.statements:
            click.echo(f"  {statement};")
    if not findings:
        click.echo("Nothing to mend.")
    if counted_days < min_days:
        click.echo(
            f"Use was counted for {counted_days:.1f} days only: unused indexes are not judged "
            f"before {min_days:g}."
        )


def _apply(engine: "Engine", findings: "Sequence[Finding]", yes: bool) -> None:
    from db.advice.applying import apply

    wanted = [
        finding
        for finding in findings
        if finding.statements
        and (yes or click.confirm(f"Mend {finding.kind} {finding.index}?", err=True))
    ]
    for statement in apply(engine, wanted):
        click.echo(f"done: {statement}", err=True)


def _document(
    indexes: "Sequence[LogicalIndex]", findings: "Sequence[Finding]", counted_days: float
) -> dict[str, object]:
    return {
        "counted_days": counted_days,
        "indexes": [
            {
                "table": index.table,
                "name": index.name,
                "chunks": len(index.chunks),
                "scans": index.scans,
                "last_scan": index.last_scan,
                "size_bytes": index.size_bytes,
                "is_unique": index.root.is_unique,
                "is_valid": all(part.is_valid for part in index.parts),
                "definition": index.root.shape,
            }
            for index in indexes
        ],
        "findings": [finding.as_dict() for finding in findings],
    }
