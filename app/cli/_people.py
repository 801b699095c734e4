"""Users and sessions, as the commands come by them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from db.errors import DatabaseUnavailableError, InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.web.database import Database

_LONGEST_NAME = 64
_NOT_ALLOWED = "42501"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


def database() -> "Database":
    """The database of the settings."""
    from app.web.database import Database
    from db.settings import settings

    return Database(settings(), explicit=False, by_operator=True)


@contextmanager
def changing() -> "Iterator[Connection]":
    """A transaction that changes them; raises InvalidInputError as an account that may not."""
    try:
        with database().writing() as connection:
            yield connection
    except DatabaseUnavailableError as error:
        refused = getattr(error.__cause__, "orig", None)
        if getattr(refused, "sqlstate", None) != _NOT_ALLOWED:
            raise
        raise InvalidInputError(
            "Users and their sessions are for the owner of the database to change, "
            "and the account of OI_DATABASE_URL is another."
        ) from error


def sound_name(name: str) -> str:
    """A user name without blanks around it; raises InvalidInputError for an unfit one."""
    from app.web.auth.people import OF_BROKER

    sound = name.strip()
    if sound.startswith(OF_BROKER):
        raise InvalidInputError(f"Names with {OF_BROKER} in front are those of the broker's users.")
    if not sound or len(sound) > _LONGEST_NAME or not sound.isprintable():
        raise InvalidInputError(
            f"A user name has 1 to {_LONGEST_NAME} printable characters, not {name!r}."
        )
    return sound


def demand_known(known: bool, name: str) -> None:
    """Raise InvalidInputError where nobody has that name."""
    if not known:
        raise InvalidInputError(f"There is no user {name!r}.")


def end_files(name: str | None) -> int:
    """End the sessions that this machine keeps in files: a user's, or (None) everybody's."""
    from app.web.auth import signin
    from app.web.auth.sessions import Sessions
    from db.settings import settings

    chosen = settings()
    return Sessions.of(chosen, chosen.home, partial(signin.proof_of, chosen)).close_all(name)
