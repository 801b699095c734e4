"""Users and sessions, as the commands come by them."""

from functools import partial
from typing import TYPE_CHECKING

from db.errors import InvalidInputError

if TYPE_CHECKING:
    from app.web.database import Database

_LONGEST_NAME = 64


def database() -> "Database":
    """The database of the settings."""
    from app.web.database import Database
    from db.settings import settings

    return Database(settings(), explicit=False)


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
