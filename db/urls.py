"""What counts as the address of a database, and how libpq is told of it."""

from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.errors import SettingsError

_PORTS = range(1, 65_536)


def database_url(raw: str, name: str) -> URL:
    """A URL of PostgreSQL; raises SettingsError, which names where it came from, for any other.

    The sentence never repeats the URL, which may hold a password.
    """
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{name} is not a database URL; write postgresql://user:password@host:port/database."
        ) from None
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise SettingsError(f"{name} must be a postgresql:// URL, not {url.drivername}://.")
    if url.port is not None and url.port not in _PORTS:
        raise SettingsError(f"{name} has the port {url.port}; ports go from 1 to 65535.")
    if not raw.isprintable() or "%00" in raw:
        raise SettingsError(f"{name} must not hold control characters.")
    if not all(map(_can_be_a_host, (url.host or "").split(","))):
        raise SettingsError(f"{name} names a host that cannot exist.")
    return url.set(drivername="postgresql+psycopg")


def _can_be_a_host(name: str) -> bool:
    try:
        # what looks it up would raise the same, but as an error that nobody foresees there
        name.encode("idna")
    except UnicodeError:
        return False
    return True


def conninfo(url: URL) -> str:
    """The same address as libpq reads it, password included.

    By keywords: as a URL, SQLAlchemy leaves spaces in it that libpq refuses.
    """
    from psycopg.conninfo import make_conninfo

    given: dict[str, Any] = url.translate_connect_args(username="user", database="dbname")
    for name, value in url.query.items():
        separator = " " if name == "options" else ","
        given[name] = value if isinstance(value, str) else separator.join(value)
    return make_conninfo(**given)
