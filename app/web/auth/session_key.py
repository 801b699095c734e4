"""The key that signs session cookies: from the settings, or random and kept in a 0600 file."""

import contextlib
import os
import secrets
from pathlib import Path

from db.settings import Settings

_BYTES = 32


def session_key(settings: Settings, folder: Path) -> str:
    """OI_SECRET_KEY, else the contents of `secret_key` in the folder, written on first use."""
    if settings.secret_key:
        return settings.secret_key
    path = folder / "secret_key"
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
        # several processes may start at once: the first link wins and all read the same key
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
