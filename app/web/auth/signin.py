"""Who may sign in: a user name and an argon2 hash, from the settings or a 0600 file."""

import hmac
import json
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from app.web.auth.passwords import demand_hash, hashed, verified
from db.errors import InvalidInputError, SettingsError
from db.private_files import replace_private
from db.settings import Settings

_FILE_NAME = "signin"


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person's sign-in; `hint` tells on the login page where the password can be found."""

    username: str
    password_hash: str = field(repr=False)
    source: str
    hint: str | None = None

    @property
    def proof(self) -> str:
        """A fingerprint that a session carries: a changed password ends older sessions."""
        text = f"{self.username}:{self.password_hash}"
        return blake2b(text.encode(), digest_size=12).hexdigest()

    def accepts(self, username: str, password: str) -> bool:
        """Whether both are right; takes the same time whichever is wrong.

        Raises SettingsError when the configured hash is none.
        """
        known = hmac.compare_digest(username.encode(), self.username.encode())
        return verified(self.password_hash, password, self.source, counts=known)


def demanded(settings: Settings) -> SignIn | None:
    """The sign-in that holds, as a server asks at its start; raises SettingsError for no hash."""
    known = configured(settings)
    if known is not None:
        demand_hash(known.password_hash, known.source)
    return known


def configured(settings: Settings) -> SignIn | None:
    """The sign-in that holds, None where nobody has set one; raises SettingsError."""
    if settings.password_hash:
        return SignIn(settings.username, settings.password_hash, "OI_PASSWORD_HASH")
    return _of_file(settings.home / _FILE_NAME)


def stands(home: Path, username: str, password: str) -> bool:
    """Whether just that sign-in is kept under `home`, so that to write it would change nothing."""
    try:
        known = _of_file(home / _FILE_NAME)
    except SettingsError:
        return False
    return known is not None and known.hint is None and known.accepts(username, password)


def _of_file(path: Path) -> SignIn | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    return _kept(path, (found.st_mtime_ns, found.st_size, found.st_ino))


def proof_of(settings: Settings, username: str) -> str | None:
    """The fingerprint of that user's present password; None for whoever may not sign in."""
    try:
        known = configured(settings)
    except SettingsError:
        return None
    return known.proof if known is not None and known.username == username else None


@lru_cache(maxsize=4)
def _kept(path: Path, _version: tuple[int, int, int]) -> SignIn:
    """The file's contents; every request asks for them, so they are read once a version."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return SignIn(kept["username"], kept["password_hash"], str(path), kept.get("hint"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} is not a sign-in file; write it anew with `python -m app password`."
        ) from error


def exists(home: Path) -> bool:
    """Whether a sign-in file is there."""
    return (home / _FILE_NAME).is_file()


def write(home: Path, username: str, password: str, hint: str | None = None) -> Path:
    """Keep a sign-in under `home`, replacing an older one; the password itself is not kept.

    Raises InvalidInputError for an empty name or a password shorter than eight characters.
    """
    if not username.strip():
        raise InvalidInputError("The user name must not be empty.")
    kept = {"username": username, "password_hash": hashed(password), "hint": hint}
    path = home / _FILE_NAME
    replace_private(path, json.dumps(kept).encode())
    return path


def drop_hint(home: Path) -> None:
    """Say no more where the password of the sign-in kept under `home` can be found, if any is."""
    path = home / _FILE_NAME
    if not path.is_file():
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept.get("hint"):
        replace_private(path, json.dumps({**kept, "hint": None}).encode())
