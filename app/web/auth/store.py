"""Where a web server keeps what its workers share: the session key, sessions, counted attempts."""

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path

from db.errors import SettingsError
from db.settings import Settings

_log = logging.getLogger(__name__)

_NEEDED_BYTES = 64 * 1024


def store(settings: Settings) -> Path:
    """OI_HOME, made if it is missing; where it cannot be written, a folder of this process.

    The folder's processes are this one and those forked from it: a server with several workers
    asks before it forks. Raises SettingsError when OI_HOME is something else than a folder.
    """
    home = settings.home
    if home.exists() and not home.is_dir():
        raise SettingsError(f"OI_HOME ({home}) is not a folder.")
    try:
        home.mkdir(parents=True, exist_ok=True)
        # asked of the system by writing: permissions do not tell of a read-only or a full disk
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(bytes(_NEEDED_BYTES))
            file.flush()
        return home
    except OSError as error:
        reason = error.strerror or error
        _log.warning("Sessions end with this server: %s cannot be written (%s).", home, reason)
        return _temporary()


def _temporary() -> Path:
    folder, owner = Path(tempfile.mkdtemp(prefix="oi-gemini-")), os.getpid()

    def remove() -> None:
        # a forked worker that ends leaves it to the others
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder
