"""Migrate the database to this program's newest revision, while it is in use."""

import click


@click.command
def command() -> None:
    """Migrate the configured database: `alembic upgrade head`, wherever the program lies."""
    from db import migrate
    from db.engine import direct_url

    url = direct_url()
    migrate.upgrade(url)
    click.echo(f"The database is at {migrate.current(url)}.")
