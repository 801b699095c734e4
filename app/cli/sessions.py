"""List the sessions that are open, and end those of a user."""

import click

from app.cli import _people


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """List the sessions that are open, and end those of a user."""


@command.command("list")
def list_() -> None:
    """List open sessions: whose, from where, since when, last seen."""
    from db.market.clock import IST
    from db.queries.people import open_sessions
    from db.settings import settings

    chosen = settings()
    with _people.database().newest() as connection:
        found = open_sessions(
            connection, idle_s=chosen.session_idle_s, lifetime_s=chosen.session_lifetime_s
        )
    for each in found:
        opened, seen = (
            f"{at.astimezone(IST):%d %b %H:%M}" for at in (each.opened_at, each.seen_at)
        )
        click.echo(f"{each.username:24} {each.address or '–':40} since {opened}, seen {seen}")
    if not found:
        click.echo("No session is open.")


@command.command()
@click.argument("name", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody's, instead of one user's.")
def revoke(name: str | None, everybody: bool) -> None:
    """End all sessions of a user, on every device; open pages are let go within seconds."""
    from db.errors import InvalidInputError
    from db.ingest.people import end_sessions

    if (name is None) != everybody:
        raise InvalidInputError("Name a user, or say --all.")
    ended = _people.end_files(name)
    with _people.changing() as connection:
        ended += end_sessions(connection, name)
    click.echo(f"Sessions ended: {ended}.")
