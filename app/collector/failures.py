"""What a failed write says of the database, and what it says of the data."""

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from db.errors import DatabaseUnavailableError, DiskFullError, NotMigratedError

# a relation, column, function or schema that is not there
_NOT_MIGRATED = ("42P01", "42703", "42883", "3F000")
# the connection, a database that is read-only for a while, roles and grants, a transaction that
# lost against another, no room or memory, locks, operators and timeouts, the system's own errors:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = ("08", "25", "28", "3D000", "40", "42501", "53", "55", "57", "58")
_LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def may_pass(exc: Exception) -> bool:
    """Whether the same write may succeed later: the data are not to blame."""
    if isinstance(exc, DatabaseUnavailableError | DiskFullError):
        return True
    state = _state(exc)
    # a connection that was never made, or is gone, has no SQLSTATE
    return isinstance(exc, _LOST) if state is None else state.startswith(_PASSING)


def raise_if_not_migrated(exc: Exception) -> None:
    """Raise NotMigratedError for a database of another schema."""
    if _state(exc) in _NOT_MIGRATED:
        raise NotMigratedError(
            "The database is not migrated to this version; run `alembic upgrade head`."
        ) from exc


def reason(exc: Exception) -> str:
    """An error in a line, the same for each of its kind where the database names one."""
    original = getattr(exc, "orig", None) or exc
    text = str(original).partition("\n")[0]
    return text if isinstance(exc, DBAPIError | psycopg.Error) else f"{type(exc).__name__}: {text}"


def _state(exc: Exception) -> str | None:
    state: str | None = getattr(getattr(exc, "orig", None) or exc, "sqlstate", None)
    return state
