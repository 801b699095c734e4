"""As whom this process signs in at the database: an account that may do what pages need, no more.

Whoever takes over a web process has the rights of its account. A dashboard that only this machine
reaches is told of it; one that others reach does not show a page with such an account.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.web.hosts import is_loopback
from db.errors import DatabaseUnavailableError, OIError, SettingsError
from db.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

_LOG = logging.getLogger(__name__)
_SHOWN = 3
_LATER = "What the account in the database may do is asked later: %s"


class TooMightyError(DatabaseUnavailableError):
    """The account may do more than pages need, and nothing is read with it."""


class Account:
    """Asks the database once an account what that may do; may be used by any thread."""

    def __init__(self, settings: Settings) -> None:
        self._refuses = settings.web_account == "limited" and is_open_to_others(settings)
        self._admitted: set[str | None] = set()

    def admit(self, connection: "Connection") -> None:
        """Return where this connection's account will do; raises TooMightyError."""
        name = connection.engine.url.username
        if name in self._admitted:
            return
        from db.roles.beyond import beyond_pages

        if found := beyond_pages(connection):
            if self._refuses:
                raise TooMightyError(sentence(name, found))
            _LOG.warning(sentence(name, found))
        self._admitted.add(name)


def is_open_to_others(settings: Settings) -> bool:
    """Whether anybody beyond this machine can reach the dashboard, over a proxy for example."""
    return not is_loopback(settings.host) or bool(settings.trusted_proxies)


def sentence(name: str | None, found: list[str]) -> str:
    """What is wrong with the account, and the two ways out."""
    return (
        f"The dashboard's account in the database, {name or 'the default one'}, "
        f"{', '.join(found[:_SHOWN])}; "
        "`python -m db roles login oi_dashboard --for web` makes one with the rights of pages "
        "alone, for OI_WEB_DATABASE_URL (OI_WEB_ACCOUNT=any takes whatever it is)."
    )


def demand(servers: "Callable[[], list[URL]]", settings: Settings) -> None:
    """Ask each server at the start, so that whoever starts a dashboard for others is told at once.

    Raises SettingsError. A database that does not answer is asked by the first who reads.
    """
    if settings.web_account == "any" or not is_open_to_others(settings):
        return
    try:
        urls = servers()
    except DatabaseUnavailableError as error:
        _LOG.info(_LATER, error)
        return
    # one that hangs is waited for once
    for url in dict.fromkeys(urls):
        _demand_of(url, settings)


def _demand_of(url: "URL", settings: Settings) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from db.engine import engine_for

    engine = engine_for(url, settings=settings, read_only=True)
    try:
        with engine.connect() as connection:
            Account(settings).admit(connection)
    except TooMightyError as error:
        raise SettingsError(str(error)) from error
    except (OIError, SQLAlchemyError) as error:
        _LOG.info(_LATER, error)
    finally:
        engine.dispose()
