"""Serve the dashboard until Ctrl-C."""

import click


@click.command
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def command(workers: int) -> None:
    """Serve the dashboard until Ctrl-C.

    The address is that of OI_HOST and OI_PORT, by default http://127.0.0.1:5050.
    """
    from app.web import account
    from app.web.auth import signin
    from app.web.database import Database
    from app.web.server import address, demand_free_port, serve
    from db import parts, privileges
    from db.settings import settings

    chosen = settings()
    parts.act_as("web")
    privileges.drop(chosen.run_as)
    is_closed = signin.demanded(chosen) is None
    account.demand(Database(chosen, explicit=False).urls, chosen)
    demand_free_port(chosen.host, chosen.port)
    click.echo(f"Dashboard on {address(chosen)}")
    if is_closed:
        click.echo(
            "No sign-in is set here: only users can sign in (`python -m app user list`).", err=True
        )
    serve(chosen, workers)
