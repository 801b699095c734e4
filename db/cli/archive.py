"""Archive closed chunks, bring a window back, export the archive as Parquet."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, json_text, table_text
from db.sizes import size_text

if TYPE_CHECKING:
    from sqlalchemy import URL

_WHEN = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"])


@click.group(help=__doc__)
def command() -> None:
    pass


@command.command()
@as_json_option
def status(as_json: bool) -> None:
    """Show each archive: what lies on either side, and when it runs."""
    from dataclasses import asdict

    from db.archive.catalog import archives, connect, side

    with connect(_url()) as connection:
        found = [
            (archive, side(connection, archive.target), side(connection, archive.archive_table))
            for archive in archives(connection)
        ]
    if as_json:
        shown = [
            {**asdict(archive), "hot": asdict(hot), "archived": asdict(cold)}
            for archive, hot, cold in found
        ]
        click.echo(json_text(shown))
        return
    if not found:
        click.echo("No table has an archive policy.")
        return
    headings = ("table", "after", "hot chunks", "size", "archived chunks", "size", "next run", "")
    lines = [
        (
            archive.target,
            archive.archive_after,
            hot.chunks,
            size_text(hot.size_bytes),
            cold.chunks,
            size_text(cold.size_bytes),
            f"{archive.next_run:%Y-%m-%d %H:%M}" if archive.next_run else None,
            archive.last_error or archive.last_status,
        )
        for archive, hot, cold in found
    ]
    click.echo(table_text(headings, lines))


@command.command()
@click.argument("table")
@as_json_option
def run(table: str, as_json: bool) -> None:
    """Archive every chunk of TABLE that is due now, each in a transaction of its own."""
    from dataclasses import asdict

    from db.archive import moving
    from db.rights import require_at
    from db.runs import noted_at

    require_at(_url(), "archive", table)
    with noted_at(_url(), f"archive {table}") as run:
        moved = moving.run(_url(), table, lambda span, left: click.echo(span, err=True))
        run.size = moved.rows
    click.echo(json_text(asdict(moved)) if as_json else f"{moved.chunks} chunks archived.")


@command.command()
@click.argument("table")
@click.option("--from", "start", type=_WHEN, required=True, help="First instant, market time.")
@click.option("--to", "end", type=_WHEN, required=True, help="First instant left out.")
@click.option(
    "--hold-days",
    type=click.IntRange(1, 36_500),
    default=7,
    show_default=True,
    help="Let the archive policy rest so long.",
)
@as_json_option
def restore(table: str, start: datetime, end: datetime, hold_days: int, as_json: bool) -> None:
    """Bring the archived rows of a window of TABLE back."""
    from dataclasses import asdict

    from db.archive import moving
    from db.rights import require_at
    from db.runs import noted_at

    require_at(_url(), "archive", table)
    with noted_at(_url(), f"restore archive {table}") as run:
        moved = moving.restore(
            _url(),
            table,
            start,
            end,
            hold=timedelta(days=hold_days),
            on_span=lambda span, count: click.echo(f"{span}: {count:,} rows", err=True),
        )
        run.size = moved.rows
    said = (
        f"{moved.rows:,} rows are back; the archive policy rests for {hold_days} days."
        if moved.rows
        else "No row of that window is archived; nothing was changed."
    )
    click.echo(json_text(asdict(moved)) if as_json else said)


@command.command()
@click.argument("table")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@as_json_option
def export(table: str, folder: Path, as_json: bool) -> None:
    """Write TABLE's archive to FOLDER as Parquet, one file a chunk, with a manifest."""
    from dataclasses import asdict

    from db.archive import parquet
    from db.runs import noted_at

    with noted_at(_url(), f"export archive {table}") as run:
        files = parquet.export(_url(), table, folder, _echo_file)
        run.size = sum(file.rows for file in files)
    size = sum(file.size_bytes for file in files)
    click.echo(
        json_text([asdict(file) for file in files])
        if as_json
        else f"{len(files)} files, {sum(file.rows for file in files):,} rows, {size_text(size)}."
    )


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_json_option
def verify(folder: Path, as_json: bool) -> None:
    """Prove that the files in FOLDER hold what their manifest says, by reading them back."""
    from db.archive import parquet

    rows = parquet.verify(_url(), folder, _echo_file)
    click.echo(
        json_text({"folder": str(folder), "rows": rows, "equal": True})
        if as_json
        else f"{rows:,} rows were read back and are what was archived."
    )


def _echo_file(name: str, rows: int) -> None:
    click.echo(f"{name}: {rows:,} rows", err=True)


def _url() -> "URL":
    from db.engine import direct_url

    return direct_url()
