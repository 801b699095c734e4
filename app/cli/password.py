"""Set the user name and password that open the dashboard."""

import click


@click.command
@click.option("--username", default=None, help="Who signs in; OI_USERNAME or 'trader' by default.")
@click.password_option(help="Asked for when it is not given.")
def command(username: str | None, password: str) -> None:
    """Set the user name and password that open the dashboard.

    Only an argon2 hash is kept, in a file that nobody else can read. Sessions of before end; where
    it is the sign-in that holds already, nothing changes and they go on.
    """
    from functools import partial

    from app.web.auth import signin
    from app.web.auth.guessable import demand_unguessable
    from app.web.auth.people import REQUIRED
    from app.web.auth.sessions import Sessions
    from db.settings import settings

    chosen = settings()
    who = username or chosen.username
    if signin.stands(chosen.home, who, password):
        click.echo("That sign-in holds already.")
    else:
        demand_unguessable(password, who)
        path = signin.write(chosen.home, who, password)
        click.echo(f"Sign-in written to {path}.")
        sessions = Sessions.of(chosen, chosen.home, partial(signin.proof_of, chosen))
        if ended := sessions.close_all(who):
            click.echo(f"Sessions ended: {ended}.")
    if chosen.second_factor == REQUIRED:
        click.echo("It opens nothing while OI_SECOND_FACTOR=required: add users.", err=True)
    if chosen.password_hash:
        click.echo("OI_PASSWORD_HASH is set and goes before this file.", err=True)
