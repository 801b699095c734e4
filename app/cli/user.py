"""Add, change and list the users of the dashboard."""

import click

from app.cli import _people


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Add, change and list the users of the dashboard.

    As soon as there is one, the sign-in of `python -m app password` opens nothing more.
    """


@command.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["viewer", "admin"]),
    default="viewer",
    show_default=True,
    help="An admin may also log in at the broker.",
)
@click.password_option(help="Asked for when it is not given.")
def add(name: str, role: str, password: str) -> None:
    """Add a user; of the password only an argon2 hash is kept."""
    from app.web.auth.guessable import demand_unguessable
    from app.web.auth.passwords import hashed
    from app.web.auth.signin import drop_hint
    from db.errors import InvalidInputError
    from db.ingest.people import add_user
    from db.settings import settings

    sound = _people.sound_name(name)
    demand_unguessable(password, sound)
    kept = hashed(password)
    with _people.changing() as connection:
        if not add_user(connection, sound, kept, role):
            raise InvalidInputError(f"There is a user {sound} already.")
    # the sign-in of before opens nothing more
    drop_hint(settings().home)
    click.echo(f"{sound} may sign in as {role}.")


@command.command()
@click.argument("name")
@click.password_option(help="Asked for when it is not given.")
def passwd(name: str, password: str) -> None:
    """Give a user another password; their sessions end."""
    from app.web.auth.guessable import demand_unguessable
    from app.web.auth.passwords import hashed
    from db.ingest.people import change_password

    demand_unguessable(password, name)
    kept = hashed(password)
    with _people.changing() as connection:
        _people.demand_known(change_password(connection, name, kept), name)
    click.echo(f"The password of {name} is changed, and their sessions have ended.")


@command.command()
@click.argument("name")
def disable(name: str) -> None:
    """Let a user in no more; their sessions end, and what is theirs stays."""
    from db.ingest.people import change_disabled

    with _people.changing() as connection:
        _people.demand_known(change_disabled(connection, name, disabled=True), name)
    click.echo(f"{name} may sign in no more, and their sessions have ended.")


@command.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled user in again."""
    from db.ingest.people import change_disabled

    with _people.changing() as connection:
        _people.demand_known(change_disabled(connection, name, disabled=False), name)
    click.echo(f"{name} may sign in again.")


@command.command("drop-factor")
@click.argument("name")
def drop_factor(name: str) -> None:
    """Take a user's second factor away, as after a lost device; their sessions end."""
    from db.errors import InvalidInputError
    from db.ingest import second_factors
    from db.ingest.people import end_sessions

    with _people.changing() as connection:
        if not second_factors.drop_factor(connection, name):
            raise InvalidInputError(f"{name!r} has no second factor.")
        end_sessions(connection, name)
    click.echo(f"{name} signs in by the password alone, and their sessions have ended.")


@command.command("list")
def list_() -> None:
    """List users: name, role, sessions, whether disabled, whether with a second factor."""
    from db.queries.people import users

    with _people.database().newest() as connection:
        found = users(connection)
    if not found:
        click.echo("There are no users; the sign-in of `python -m app password` holds.")
    for user in found:
        state = "disabled" if user.disabled else f"{user.sessions} sessions"
        factor = "  second factor" if user.has_factor else ""
        since = f"since {user.created_at:%Y-%m-%d}"
        click.echo(f"{user.name:24} {user.role:8} {state:12} {since}{factor}")
