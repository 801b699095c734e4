"""Loading what reads the database: by one thread, while the others wait.

The login page needs none of it, so that it is loaded behind it. Python lets two threads that load
libraries which import each other see them half made; a sign-in that came at that moment failed.
"""

import importlib
import threading

_LIBRARIES = (
    *("psycopg", "sqlalchemy", "sqlalchemy.dialects.postgresql", "db.engine", "db.queries.people"),
    *("db.ingest.people", "db.ingest.attempts"),
)


class _Loading:
    """Whether it is done, in this process."""

    lock = threading.Lock()
    is_done = False


def load() -> None:
    """Return when the database's libraries are there."""
    if _Loading.is_done:
        return
    with _Loading.lock:
        for name in _LIBRARIES:
            importlib.import_module(name)
        _Loading.is_done = True
