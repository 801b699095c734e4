"""Show who may do what in the database, and give accounts the rights of a role."""

from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, json_text, table_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.roles.granting import Role

_KINDS = ("reader", "writer", "web", "owner")


@click.group(help=__doc__, invoke_without_command=True)
@as_json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Show the roles, who is a member, and the rights that are missing; exit code 1 if any is."""
    if context.invoked_subcommand is not None:
        return
    from dataclasses import asdict

    from db.engine import direct_engine
    from db.roles.granting import missing_rights, missing_roles, roles

    with direct_engine().connect() as connection:
        found = roles(connection)
        missing = [*missing_roles(connection), *missing_rights(connection)]
    if as_json:
        click.echo(json_text({"roles": [asdict(role) for role in found], "missing": missing}))
    else:
        click.echo(table_text(("role", "is there", "members"), map(_cells, found)))
        for statement in missing:
            click.echo(f"missing: {statement};")
    context.exit(1 if missing else 0)


@command.command()
def grant() -> None:
    """Make the roles that are missing and give them their rights in this database."""
    from db.engine import direct_engine
    from db.errors import OIError
    from db.roles.granting import bring_up

    with direct_engine().connect() as connection:
        left = bring_up(connection)
    if left:
        raise OIError(f"Only an administrator of the server may run: {'; '.join(left)}.")
    click.echo("The roles have their rights.")


@command.command()
def own() -> None:
    """Hand this database over to the role oi_owner, whose members need be no superusers."""
    from db.engine import direct_engine
    from db.roles.granting import bring_up
    from db.roles.owning import hand_over
    from db.timescale.editions import read_server

    with direct_engine().connect() as connection:
        # without the extension there is nothing of ours to hand over
        read_server(connection)
        _demand_administrator(connection)
        bring_up(connection)
        count = hand_over(connection)
    click.echo(f"The database belongs to oi_owner; {count:,} objects changed hands.")


@command.command()
@click.argument("name")
@click.option("--for", "kind", type=click.Choice(_KINDS), required=True, help="What it is for.")
@click.password_option(
    envvar="OI_LOGIN_PASSWORD", help="Asked for, or OI_LOGIN_PASSWORD, when it is not given."
)
def login(name: str, kind: str, password: str) -> None:
    """Let an account sign in at the database with the rights of a role, and no more.

    `web` is the dashboard's, `writer` the collector's, `owner` that of migrations and upkeep in a
    database that was handed over by `roles own`. An account that is there gets the password.
    """
    import psycopg

    from db import links
    from db.engine import database_url
    from db.errors import OIError
    from db.roles.logins import GROUPS, keep_login, make_roles

    try:
        with links.connect(database_url(), application_name="oi roles") as session:
            make_roles(session)
            keep_login(session, name, password, GROUPS[kind])
    except psycopg.errors.InsufficientPrivilege as error:
        raise OIError(
            "This account may not make others; let an administrator of the server run this."
        ) from error
    click.echo(f"{name} may sign in as {GROUPS[kind]}.")


def _demand_administrator(connection: "Connection") -> None:
    from sqlalchemy import text

    from db.errors import OIError

    if not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        raise OIError("Only an administrator of the server may hand a database over.")


def _cells(role: "Role") -> tuple[str, str, str]:
    return role.name, "yes" if role.is_there else "no", ", ".join(role.members) or "–"
