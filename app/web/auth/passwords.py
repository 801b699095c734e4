"""Passwords as argon2 hashes: made by one set of parameters, held against whatever made them.

OWASP's first choice of parameters
(https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html) takes a sixth of
the time of those that hashes were made by before: a person waits for it at each sign-in.
"""

import threading
from functools import cache
from typing import Any

from db.errors import InvalidInputError, SettingsError

MINIMUM_LENGTH = 8
# passes, KiB of memory, lanes
_PARAMETERS = (2, 19_456, 1)
_BEFORE = (3, 65_536, 4)
# argon2 takes memory on purpose; a crowd that signs in at once must not take that many times more
_verifying = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """The argon2 hash of a new password; raises InvalidInputError where it is short."""
    demand_length(password)
    return str(_hasher().hash(password))


def demand_length(password: str) -> None:
    """Raise InvalidInputError for a password that is short."""
    if len(password) < MINIMUM_LENGTH:
        raise InvalidInputError(f"The password must have at least {MINIMUM_LENGTH} characters.")


def demand_hash(password_hash: str, source: str) -> None:
    """Raise SettingsError, naming where it stands, for what is no hash of a password."""
    from argon2 import extract_parameters
    from argon2.exceptions import InvalidHashError

    try:
        extract_parameters(password_hash)
    except InvalidHashError as error:
        raise SettingsError(_no_hash(source)) from error


def verified(password_hash: str | None, password: str, source: str, *, counts: bool = True) -> bool:
    """Whether a password is the one that was hashed; few are held against hashes at a time.

    What is refused takes as long whoever it was asked of: somebody with a hash of either set of
    parameters, (None) nobody, or one for whom no password `counts`. Raises SettingsError, naming
    where it stands, when the hash is none.
    """
    with _verifying:
        if password_hash is not None and _matches(password_hash, password, source) and counts:
            return True
        for nobodys in _nobodys():
            if password_hash is None or _kind(nobodys) != _kind(password_hash):
                _matches(nobodys, password, source)
    return False


def _matches(password_hash: str, password: str, source: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return bool(_hasher().verify(password_hash, password))
    except VerificationError:
        return False
    except InvalidHashError as error:
        raise SettingsError(_no_hash(source)) from error


def _no_hash(source: str) -> str:
    return (
        f"The password hash in {source} is not an argon2 hash; "
        "write one with `python -m app password`."
    )


def _kind(password_hash: str) -> str:
    """What made a hash: `$argon2id$v=19$m=…,t=…,p=…` before its salt."""
    return password_hash.rsplit("$", 2)[0]


@cache
def _nobodys() -> tuple[str, ...]:
    """Hashes of no password, one of each set of parameters."""
    from argon2 import PasswordHasher

    return tuple(PasswordHasher(*each).hash(b"nobody's") for each in (_PARAMETERS, _BEFORE))


def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(*_PARAMETERS)
