"""Start, stop and look at the local TimescaleDB."""

import json
import os
import shutil
import sys
from dataclasses import asdict

import click
from sqlalchemy import URL

from db.errors import ServerError
from db.server import local_server
from db.server import url as local_url
from db.settings import settings
from db.urls import environment

_GIVEN = "OI_DATABASE_URL names the database: there is no local server to {}."


@click.group(help="Start, stop and look at the local TimescaleDB.")
def command() -> None:
    pass


@command.command()
def start() -> None:
    """Start it, unpacking TimescaleDB and making a database the first time."""
    if settings().database_url:
        click.echo(_GIVEN.format("start"))
        return
    url = local_server(make_home=True).start(progress=lambda line: click.echo(line, err=True))
    click.echo(f"TimescaleDB is running: {url.render_as_string(hide_password=True)}")


@command.command()
def stop() -> None:
    """Stop it; the data stays."""
    if settings().database_url:
        click.echo(_GIVEN.format("stop"))
        return
    click.echo("Stopped." if local_server().stop() else "It was not running.")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Say whether it runs, where, and which versions it has; exit code 1 if it does not run."""
    if url := settings().database_url:
        _show({"source": "OI_DATABASE_URL", "url": url.render_as_string()}, as_json)
        return
    found = local_server().status()
    _show({"source": "local", **asdict(found)}, as_json)
    sys.exit(0 if found.running else 1)


@command.command()
def url() -> None:
    """Print the SQLAlchemy URL of the database, password included."""
    click.echo(_database_url().render_as_string(hide_password=False))


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the database; what follows is handed to psql."""
    target, program = _database_url(), _psql()
    os.execve(program, [program, *arguments], os.environ | environment(target))  # noqa: S606


def _database_url() -> URL:
    return settings().database_url or local_url()


def _psql() -> str:
    given = settings().database_url is not None
    program = shutil.which("psql") if given else str(local_server().program("psql"))
    if program is None:
        raise ServerError("psql is not installed here: install PostgreSQL's client programs.")
    return program


def _show(values: dict[str, object], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name.replace('_', ' '):<20} {'–' if value is None else value}")
