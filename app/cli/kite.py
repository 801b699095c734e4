"""Log in at the broker, see how that stands, or run a stand-in for the broker."""

from urllib.parse import parse_qs, urlsplit

import click

from app.cli import _broker
from app.kite.standin.main import command as standin
from db.errors import InvalidInputError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Log in at the broker, see how that stands, or run a stand-in for the broker."""


@command.command()
def login() -> None:
    """Log in at Kite Connect from a terminal.

    Prints the broker's login page and asks for the address that it leads back to; your user name
    and password are the broker's business alone. A collector that waits goes on at once.
    """
    from app.kite.login import login_address
    from db.settings import settings

    account, chosen = _broker.account(), settings()
    click.echo("Log in here, then copy the address that you are led to:\n")
    click.echo(f"  {login_address(chosen.kite_api_key or '', chosen.kite_login_url)}\n")
    answer = click.prompt("Address, or its request_token")
    session = account.exchange(request_token(answer))
    click.echo(
        f"{session.user_id} is logged in; the broker ends the session at about "
        f"{session.ends_about:%H:%M on %d %b}."
    )


@command.command()
def status() -> None:
    """Say who is logged in at the broker, and whether it still accepts that."""
    from app.kite.account import LOG_IN
    from app.kite.client import BrokerClient
    from app.kite.errors import BrokerError

    account = _broker.account()
    session = account.session()
    if session is None:
        click.echo(f"session    {account.problem or LOG_IN}")
        return
    click.echo(f"session    {session.user_id}, since {session.logged_in_at:%H:%M on %d %b}")
    click.echo(f"ends       at about {session.ends_about:%H:%M on %d %b}")
    try:
        name = account.ask(BrokerClient.profile)["user_name"]
    except BrokerError as error:
        click.echo(f"broker     {error}")
    else:
        click.echo(f"broker     accepts it, for {name}")


command.add_command(standin, "standin")


def request_token(answer: str) -> str:
    """The request token in what a person pasted: the whole address, or the token alone.

    Raises InvalidInputError where there is none, and where the login did not succeed.
    """
    text = answer.strip()
    query = parse_qs(urlsplit(text).query)
    if query.get("status", ["success"]) != ["success"]:
        raise InvalidInputError("The login at the broker did not succeed; log in there again.")
    found = query.get("request_token", [text])[0]
    if not (found.isascii() and found.isalnum()):
        raise InvalidInputError(
            "That holds no request_token; copy the whole address that the login led you to."
        )
    return found
