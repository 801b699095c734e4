"""Set the user name and password that open the dashboard."""

import click


@click.command
@click.option("--username", default=None, help="Who signs in; OI_USERNAME or 'trader' by default.")
@click.password_option(help="Asked for when it is not given.")
def command(username: str | None, password: str) -> None:
    """Set the user name and password that open the dashboard.

    Only an argon2 hash is kept, in a file that nobody else can read.
    """
    from app.web.auth import signin
    from db.settings import settings

    chosen = settings()
    path = signin.write(chosen.home, username or chosen.username, password)
    click.echo(f"Sign-in written to {path}.")
    if chosen.password_hash:
        click.echo("OI_PASSWORD_HASH is set and goes before this file.", err=True)
