"""The key that signs session cookies: from the settings, or random and kept in a 0600 file."""

import contextlib
import logging
import os
import secrets
from pathlib import Path

from db.settings import Settings

_log = logging.getLogger(__name__)
_BYTES = 32


def session_key(settings: Settings) -> str:
    """OI_SECRET_KEY, else the contents of `<home>/secret_key`, written on first use.

    Where the folder cannot be written, the key lasts as long as the process and a warning says so.
    """
    if settings.secret_key:
        return settings.secret_key
    path = settings.home / "secret_key"
    try:
        return _kept(path)
    except OSError as error:
        _log.warning("Sessions end with this process: %s cannot be kept (%s).", path, error)
        return secrets.token_hex(_BYTES)


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
        # several workers start at once: the first link wins and all read the same key
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
