"""What stands in the environment, read as the field of a setting wants it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from db.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import URL

OPTIMIZATIONS = ("rollups", "live-edge", "cache", "push", "background-start", "lazy-models")
"""What OI_WITHOUT may name: the way without it still works, and gives the same values."""

_REDIS_SCHEMES = ("redis", "rediss")
_KITE_USER = re.compile(r"[A-Z0-9]{2,16}(:(viewer|admin))?")


def setting(
    default: Any,
    sentence: str,
    *,
    between: tuple[float, float] | None = None,
    each: Callable[[str], object] = str,
    among: tuple[str, ...] | None = None,
    legacy: str | None = None,
    secret: bool = False,
) -> Any:
    """A field with what a reader, a parser and a printer need to know of it."""
    known: dict[str, Any] = {"sentence": sentence, "between": between, "each": each}
    known |= {"among": among, "legacy": legacy}
    return field(default=default, repr=not secret, metadata=known)


def kite_user(text: str) -> None:
    """Raise ValueError unless it may name a user of the broker, with or without a role here."""
    if not _KITE_USER.fullmatch(text):
        raise ValueError(text)


def optimization(name: str) -> None:
    """Raise ValueError unless it is one that can be left out."""
    if name not in OPTIMIZATIONS:
        raise ValueError(name)


def redis_address(text: str) -> None:
    """Raise ValueError unless it is the address of a Redis."""
    address = urlsplit(text)
    # asking for its port raises ValueError where it is none
    if address.scheme not in _REDIS_SCHEMES or not address.hostname or address.port == 0:
        raise ValueError(text)


def parsed(name: str, raw: str, spec: "Field[Any]") -> object:
    """A setting's value as its field is declared; raises SettingsError naming the variable."""
    if spec.type in (int, float):
        return _number(name, raw, spec)
    if "\0" in raw:
        raise SettingsError(f"{name} must not hold a NUL byte.")
    among = spec.metadata["among"]
    if among is not None and raw not in among:
        raise SettingsError(f"{name} must be one of {', '.join(among)}, not {raw!r}.")
    if spec.type == tuple[str, ...]:
        return _list(name, raw, spec)
    if spec.type in (Path, Path | None):
        return Path(raw).expanduser()
    if spec.type == "tuple[URL, ...]":
        return _urls(name, raw)
    if "URL" in str(spec.type):
        return _url(name, raw)
    _demand_usable(name, raw, spec)
    return raw


def legacy_database(environ: Mapping[str, str]) -> "URL | None":
    """The database that the old system's variables name, if they do; raises SettingsError."""
    host = environ.get("OI_TRACKER_DB_HOST")
    if not host:
        return None
    port = environ.get("OI_TRACKER_DB_PORT") or "5432"
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise SettingsError(f"OI_TRACKER_DB_PORT must be a port number, not {port!r}.")
    from sqlalchemy import URL

    return URL.create(
        "postgresql+psycopg",
        username=environ.get("OI_TRACKER_DB_USER"),
        password=environ.get("OI_TRACKER_DB_PASSWORD"),
        host=host,
        port=int(port),
        database=environ.get("OI_TRACKER_DB_NAME"),
    )


def _number(name: str, raw: str, spec: "Field[Any]") -> float:
    low, high = spec.metadata["between"]
    whole = spec.type is int
    try:
        value = int(raw) if whole else float(raw)
    except ValueError:
        value = float("nan")
    # also false for what is not a number
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"{name} must be {kind} from {low:g} to {high:g}, not {raw!r}.")
    return value


def _list(name: str, raw: str, spec: "Field[Any]") -> tuple[str, ...]:
    found = tuple(filter(None, (part.strip() for part in raw.split(","))))
    for part in found:
        try:
            spec.metadata["each"](part)
        except ValueError:
            raise SettingsError(f"{name} cannot hold {part!r}.") from None
    return found


def _demand_usable(name: str, raw: str, spec: "Field[Any]") -> None:
    try:
        spec.metadata["each"](raw)
    except ValueError:
        # the value may be a secret
        raise SettingsError(f"{name} cannot be used: {spec.metadata['sentence']}") from None


def _urls(name: str, raw: str) -> "tuple[URL, ...]":
    from db.urls import database_urls

    return database_urls(raw, name)


def _url(name: str, raw: str) -> "URL":
    from db.urls import database_url

    return database_url(raw, name)
