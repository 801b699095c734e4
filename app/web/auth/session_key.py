"""The key that signs session cookies: from the settings, or random and kept in a 0600 file."""

import secrets
from contextlib import suppress
from pathlib import Path

from db.errors import SettingsError
from db.private_files import keep_first_private
from db.settings import Settings

_BYTES = 32
_FILE = "secret_key"


def session_key(settings: Settings, folder: Path) -> str:
    """OI_SECRET_KEY, else the contents of `secret_key` in OI_HOME, else in the folder.

    Written there on first use; raises SettingsError for an empty one. The one of OI_HOME holds
    where nothing more can be kept there: with another one everybody would be signed out, and no
    code of a second factor be right.
    """
    if settings.secret_key:
        return settings.secret_key
    with suppress(OSError):
        return _read(settings.home / _FILE)
    path = folder / _FILE
    if not path.exists():
        keep_first_private(path, secrets.token_hex(_BYTES).encode())
    return _read(path)


def _read(path: Path) -> str:
    found = path.read_text(encoding="ascii", errors="replace").strip()
    if not found:
        raise SettingsError(
            f"{path} is empty, as a disk that failed leaves it; remove it, and a new key is made, "
            "with which everybody signs in anew."
        )
    return found
