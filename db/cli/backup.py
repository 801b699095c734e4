"""Back the whole database up into a folder, and count what it must hold."""

from pathlib import Path

import click

from db.cli._output import as_json_option, json_text

_EPILOG = """\b
FOLDER must not be there yet. It holds pg_dump's directory format and a manifest: every table by
rows and checksum, every index, constraint, trigger, view, function, grant, policy and rollup, all
of the same moment. Writers go on meanwhile. `python -m db restore` compares with it.
--json prints {folder, database, made_at, rows, things: {kind: how many}}.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 64))
@as_json_option
def command(folder: Path, jobs: int, as_json: bool) -> None:
    from db.backup import backup
    from db.backup.inventory import total_rows
    from db.engine import direct_url
    from db.runs import noted_at

    with noted_at(direct_url(), "backup") as run:
        made = backup(direct_url(), folder, jobs=jobs, say=lambda line: click.echo(line, err=True))
        rows = run.size = total_rows(made.inventory)
    things = {kind: len(held) for kind, held in sorted(made.inventory.items())}
    if as_json:
        told = {"folder": str(folder), "database": made.database, "made_at": made.made_at}
        click.echo(json_text({**told, "rows": rows, "things": things}))
    else:
        click.echo(f"{folder}: {made.database} of {made.made_at}, {rows:,} rows.")
