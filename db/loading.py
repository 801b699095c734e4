"""Loads the database's libraries once, whole, however many threads want them first.

They import each other in circles: two threads that begin with different parts of them get half
of it, and what has failed to load once may never load again. So whoever is the first of a process
to want the database, on a thread beside others, calls this before it imports anything of it.
"""

import threading

_lock = threading.Lock()
_is_loaded = False


def load() -> None:
    """Return when all is loaded; costs nothing from then on."""
    global _is_loaded
    if _is_loaded:
        return
    with _lock:
        # the whole before its parts: to begin with a part does not wait for another's whole
        import psycopg  # noqa: F401
        import sqlalchemy
        import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401

        import db.engine  # noqa: F401

        _is_loaded = True


def is_loaded() -> bool:
    """Whether somebody wanted it."""
    return _is_loaded
