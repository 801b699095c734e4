"""Bring in CSV exports of the original program, each row once."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, json_text

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.importing import Imported
    from db.importing.tables import Target

_LINE_EVERY_S = 10.0
_EPILOG = """\b
FILE is CSV with a header, unpacked where its name ends in .gz. Times without an offset are IST.
Rows that are there already are passed over, so that an import that was stopped is run again. Rows
that cannot be read go to FILE.rejected.csv with their lines and reasons.
--json prints {file, table, columns, left_out, rows, stored, present, rejected, reasons: {reason:
[rows, first line]}, rejected_file}; "stored" and "present" are null with --dry-run.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--table", required=True, help="The table of the original program it is of.")
@click.option("--dry-run", is_flag=True, help="Only check FILE; needs no database.")
@as_json_option
def command(file: Path, table: str, dry_run: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from db.importing import import_file, table_named

    target = table_named(table)
    if dry_run:
        done = import_file(file, target, None, on_batch=_progress())
    else:
        done = _imported(file, target)
    click.echo(json_text(asdict(done)) if as_json else _text(done))


def _imported(file: Path, target: "Target") -> "Imported":
    from db.engine import connected, direct_engine, synced
    from db.errors import DatabaseUnavailableError, DiskFullError
    from db.importing import import_file
    from db.migrate import require_head
    from db.rights import require
    from db.runs import noted

    engine = direct_engine()
    with connected(engine) as connection:
        require_head(connection)
        require(connection, "import")
    with noted(engine, f"import {target.name}") as run, synced(engine):
        try:
            done = import_file(file, target, engine, on_batch=_progress())
        except (DatabaseUnavailableError, DiskFullError) as exc:
            raise type(exc)(
                f"{exc} Batches that were stored stay; the same import run again goes on from them."
            ) from exc
        run.size = done.stored
        if target.feeds_rollups:
            _refresh_rollups(engine)
    return done


def _refresh_rollups(engine: "Engine") -> None:
    """Policies look back some days only; what lies further back is taken in here."""
    from db.timescale.maintenance import fill_all

    fill_all(engine, lambda line: click.echo(line, err=True))


def _progress() -> "Callable[[Imported], None]":
    said = time.monotonic()

    def report(so_far: "Imported") -> None:
        nonlocal said
        if time.monotonic() - said >= _LINE_EVERY_S:
            said = time.monotonic()
            click.echo(f"{so_far.rows:,} rows read", err=True)

    return report


def _text(done: "Imported") -> str:
    lines = [
        f"The column {name or '(without a name)'} is left out: {done.table} takes none such."
        for name in done.left_out
    ]
    lines.append(f"{done.table}: {_counts(done)}.")
    for reason, (rows, line) in sorted(done.reasons.items()):
        lines.append(f"  {rows:,} × {reason}, first in line {line}")
    if done.rejected_file is not None:
        lines.append(f"The rejected rows are in {done.rejected_file}.")
    return "\n".join(lines)


def _counts(done: "Imported") -> str:
    if done.stored is None:
        return f"{done.rows:,} rows read, {done.rejected:,} to reject; nothing was stored"
    return (
        f"{done.rows:,} rows read, {done.stored:,} stored, {done.present:,} there already, "
        f"{done.rejected:,} rejected"
    )
