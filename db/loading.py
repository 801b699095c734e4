"""Loads the database's libraries once, whole, however many threads want them first.

They import each other in circles: two threads that begin with different parts of them get half
of it, and what has failed to load once may never load again. So whoever is the first of a process
to want the database, on a thread beside others, calls this before it imports anything of it.
"""

import threading
from importlib import import_module

# the whole before its parts: who begins with a part does not wait for another's whole
_FIRST = ("sqlalchemy", "sqlalchemy.dialects.postgresql.psycopg", "db.engine", "db.migrate")

_lock = threading.RLock()
_loaded: set[str] = set()


def load(*more: str) -> None:
    """Return when all, and these modules, are loaded; costs next to nothing from then on."""
    wanted = (*_FIRST, *more)
    if _loaded.issuperset(wanted):
        return
    with _lock:
        for name in wanted:
            import_module(name)
            _loaded.add(name)


def is_loaded() -> bool:
    """Whether somebody wanted it."""
    return _loaded.issuperset(_FIRST)
