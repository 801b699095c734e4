"""Restore a backup into a database that is empty or not there, and compare everything."""

from pathlib import Path

import click

from db.cli._output import as_json_option, json_text

_EPILOG = """\b
The server must offer the TimescaleDB version of the backup, and the role must be a superuser, as
TimescaleDB's catalog is loaded. Policies run from then on as they did: retention drops what is old.
Exit code 1 when anything differs from the manifest.
--json prints {database, rows, compared: {kind: how many}, differences}.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--into", "database", required=True, help="Name of the database to make or fill.")
@click.option("--no-roles", is_flag=True, help="Leave owners and grants out.")
@as_json_option
@click.pass_context
def command(
    context: click.Context, folder: Path, database: str, no_roles: bool, as_json: bool
) -> None:
    from dataclasses import asdict

    from db.backup import restore
    from db.engine import direct_url

    done = restore(
        folder,
        direct_url().set(database=database),
        with_roles=not no_roles,
        say=lambda line: click.echo(line, err=True),
    )
    if as_json:
        click.echo(json_text(asdict(done)))
    else:
        counted = ", ".join(f"{count:,} {kind}s" for kind, count in done.compared.items())
        click.echo(f"{done.database}: {done.rows:,} rows; compared {counted}.")
        for line in done.differences:
            click.echo(f"differs: {line}", err=True)
        if not done.differences:
            click.echo("All of it is as it was backed up.")
    context.exit(1 if done.differences else 0)
