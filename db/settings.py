"""Every setting of the program, read once from the environment.

Names begin with OI_; the legacy names OI_TRACKER_… and FLASK_… still work. SQLAlchemy is imported
only where a URL is read: the login page needs settings and no database.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import SettingsError
from db.market import calendar

if TYPE_CHECKING:
    from sqlalchemy import URL


@dataclass(frozen=True, slots=True)
class Settings:
    """One frozen set of settings; fields marked secret never show in repr."""

    home: Path = Path(".oi")
    calendar_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5050
    database_url: "URL | None" = field(default=None, repr=False)
    replica_url: "URL | None" = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)
    username: str = "trader"
    pool_size: int = 5
    pool_overflow: int = 5
    connect_timeout_s: int = 5
    statement_timeout_s: int = 15
    idle_in_transaction_timeout_s: int = 30
    snapshot_interval_s: int = 30
    live_interval_s: float = 1.0
    history_minutes: int = 40
    ui_refresh_s: int = 5
    lock_timeout_ms: int = 20

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        hidden = (f"{f.name}=***" for f in fields(self) if not f.repr and getattr(self, f.name))
        return f"Settings({', '.join([*shown, *hidden])})"


LEGACY_NAMES: Mapping[str, str] = {
    "OI_HOST": "FLASK_HOST",
    "OI_PORT": "FLASK_PORT",
    "OI_SECRET_KEY": "FLASK_SECRET_KEY",
    "OI_HISTORY_MINUTES": "OI_TRACKER_HISTORICAL_DATA_MINUTES",
    "OI_SNAPSHOT_INTERVAL_S": "OI_TRACKER_DB_SAVE_INTERVAL_SECONDS",
    "OI_UI_REFRESH_S": "OI_TRACKER_UI_REFRESH_INTERVAL_SECONDS",
}


@cache
def settings() -> Settings:
    """The settings of this process, read on first use; raises SettingsError."""
    found = settings_from(os.environ)
    if found.calendar_file is not None:
        calendar.adopt(found.calendar_file)
    return found


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Settings from a mapping like os.environ; raises SettingsError naming the variable."""
    values: dict[str, object] = {}
    for spec in fields(Settings):
        if spec.name == "database_url":
            values[spec.name] = _database_url(environ)
            continue
        name = "OI_" + spec.name.upper()
        raw = environ.get(name) or environ.get(LEGACY_NAMES.get(name, ""))
        if raw:
            values[spec.name] = _parsed(name, raw, spec.type)
    return Settings(**values)  # type: ignore[arg-type]  # checked field by field above


def _parsed(name: str, raw: str, annotation: object) -> object:
    try:
        if annotation is int:
            return _positive(int(raw))
        if annotation is float:
            return _positive(float(raw))
    except ValueError:
        raise SettingsError(f"{name} must be a positive number, not {raw!r}.") from None
    if annotation in (Path, Path | None):
        return Path(raw).expanduser()
    return _url(name, raw) if "URL" in str(annotation) else raw


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError(value)
    return value


def _database_url(environ: Mapping[str, str]) -> "URL | None":
    if raw := environ.get("OI_DATABASE_URL"):
        return _url("OI_DATABASE_URL", raw)
    host = environ.get("OI_TRACKER_DB_HOST")
    if not host:
        return None
    port = environ.get("OI_TRACKER_DB_PORT") or "5432"
    if not port.isdecimal():
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


def _url(name: str, raw: str) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(raw)
    except ArgumentError:
        raise SettingsError(
            f"{name} is not a database URL; write postgresql://user:password@host:port/database."
        ) from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError(f"{name} must be a postgresql:// URL, not {url.drivername}://.")
    return url.set(drivername="postgresql+psycopg")
