"""What counts as the address of a database, and how libpq is told of it."""

import re
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.errors import SettingsError

_PORTS = range(1, 65_536)
_PORT = 5432
# several hosts, as libpq has them: scheme and user, hosts with their ports, the rest
_SEVERAL = re.compile(r"([^/?#]+://(?:[^@/?#]*@)?)([^/?#@]*,[^/?#@]*)(.*)", re.DOTALL)
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{1,5}))?")
# the comma between two URLs, not that between two hosts of one
_BETWEEN = re.compile(r"\s*,\s*(?=[a-z][a-z0-9+]*://)", re.IGNORECASE)
_WHICH = "target_session_attrs"
# https://www.postgresql.org/docs/current/libpq-envars.html
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    _WHICH: "PGTARGETSESSIONATTRS",
}


def database_urls(raw: str, name: str) -> tuple[URL, ...]:
    """URLs with commas between them, of which each may name several hosts."""
    return tuple(
        _parsed(part.strip(" ,"), name) for part in _BETWEEN.split(raw) if part.strip(" ,")
    )


def database_url(raw: str, name: str) -> URL:
    """A URL of PostgreSQL; raises SettingsError, which names where it came from, for any other.

    Of several hosts that one is meant which takes writes, unless the URL says otherwise
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS). The sentence
    never repeats the URL, which may hold a password.
    """
    url = _parsed(raw, name)
    if has_several_hosts(url) and _WHICH not in url.query:
        url = url.update_query_dict({_WHICH: "primary"})
    return url


def has_several_hosts(url: URL) -> bool:
    """Whether a URL names more than one server."""
    return "," in str(url.query.get("host", url.host or ""))


def for_reading(url: URL) -> URL:
    """The same servers, for a session that is read-only: it would refuse itself as read-write."""
    if url.query.get(_WHICH) == "read-write":
        return url.update_query_dict({_WHICH: "primary"})
    return url


def _parsed(raw: str, name: str) -> URL:
    try:
        url = make_url(_hosts_apart(raw))
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
    hosts = str(url.query.get("host", url.host or ""))
    if not all(map(_can_be_a_host, hosts.split(","))):
        raise SettingsError(f"{name} names a host that cannot exist.")
    return url.set(drivername="postgresql+psycopg")


def _hosts_apart(raw: str) -> str:
    """Several hosts as parameters, which both libpq and SQLAlchemy understand.

    Raises ValueError for what is no list of hosts.
    """
    found = _SEVERAL.fullmatch(raw)
    if found is None:
        return raw
    before, listed, rest = found.groups()
    hosts = [_HOST.fullmatch(each) for each in listed.split(",")]
    if not all(host is not None and host["name"] for host in hosts):
        raise ValueError(listed)
    names = ",".join(host["name"].strip("[]") for host in hosts if host)
    ports = [int(host["port"] or _PORT) for host in hosts if host]
    if not all(port in _PORTS for port in ports):
        raise ValueError(ports)
    path, _, query = rest.partition("?")
    told = f"host={names}&port={','.join(map(str, ports))}"
    return f"{before}{path or '/'}?{told}{'&' if query else ''}{query}"


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


def environment(url: URL) -> dict[str, str]:
    """The same address for PostgreSQL's own programs: arguments could be read by every user."""
    told = {_VARIABLES[name]: value for name, value in url.query.items() if name in _VARIABLES}
    values = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        **told,
    }
    return {name: str(value) for name, value in values.items() if value}
