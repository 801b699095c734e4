"""Every setting of the program, read once from the environment.

Names begin with OI_; the legacy names OI_TRACKER_… and FLASK_… still work. SQLAlchemy is imported
only where a URL is read: the login page needs settings and no database.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.market import calendar
from db.market.exchanges import EXCHANGES
from db.setting_values import (
    OPTIMIZATIONS,
    kite_user,
    legacy_database,
    optimization,
    parsed,
    redis_address,
)
from db.setting_values import setting as _setting

if TYPE_CHECKING:
    from sqlalchemy import URL

FEEDS = ("simulate", "kite-standin", "kite")


@dataclass(frozen=True, slots=True)
class Settings:
    """One frozen set of settings; fields marked secret never show in repr."""

    home: Path = _setting(Path(".oi"), "Folder of the local server, sign-ins, sessions and logs.")
    calendar_file: Path | None = _setting(
        None, "A file of dated sessions and holidays that goes before the built-in calendar."
    )
    exchanges_file: Path | None = _setting(
        None, "A file of exchange keys, of any index or share, beside the built-in ones."
    )
    run_as: str | None = _setting(
        None, "The account that dashboard, collector and maintenance become when root starts them."
    )
    host: str = _setting(
        "127.0.0.1", "Address the dashboard listens on; IPv6 as it is, ::1.", legacy="FLASK_HOST"
    )
    port: int = _setting(
        5050, "Port the dashboard listens on.", between=(1, 65_535), legacy="FLASK_PORT"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Host names the dashboard answers to, comma-separated; * for any. By default any on a "
        "loopback address, else addresses, localhost and this machine's name.",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Addresses or networks, comma-separated, of proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed.",
        each=lambda network: ipaddress.ip_network(network, strict=False),
    )
    database_url: "URL | None" = _setting(
        None,
        "The database, of which several hosts may be named; without it the local server's.",
        secret=True,
    )
    web_database_url: "URL | None" = _setting(
        None,
        "The database as the dashboard signs in there, with the rights of oi_web alone; without it "
        "OI_DATABASE_URL.",
        secret=True,
    )
    web_account: str = _setting(
        "limited",
        "Whether a dashboard that others reach serves with an account of the database that may do "
        "more than pages need: limited, or any.",
        among=("limited", "any"),
    )
    database_direct_url: "URL | None" = _setting(
        None,
        "The server itself, where OI_DATABASE_URL names a pooler in transaction mode: for "
        "announcements, migrations and maintenance.",
        secret=True,
    )
    database_read_urls: "tuple[URL, ...]" = _setting(
        (),
        "Replicas, comma-separated, that answer reads of history.",
        legacy="OI_REPLICA_URL",
        secret=True,
    )
    replica_lag_s: float = _setting(
        2.0, "Seconds behind from which a replica is left out.", between=(0.1, 3600)
    )
    secret_key: str | None = _setting(
        None,
        "Key that signs session cookies; by default a random one kept in OI_HOME.",
        legacy="FLASK_SECRET_KEY",
        secret=True,
    )
    password_hash: str | None = _setting(
        None, "An argon2 hash that goes before the password kept in OI_HOME.", secret=True
    )
    username: str = _setting("trader", "Who signs in.")
    second_factor: str = _setting(
        "optional",
        "Whether who signs in by a password must have a second factor: optional, or required.",
        among=("optional", "required"),
    )
    session_lifetime_s: int = _setting(
        12 * 3600, "Seconds after which a session ends in any case.", between=(60, 30 * 86_400)
    )
    session_idle_s: int = _setting(
        2 * 3600, "Seconds without an open page after which a session ends.", between=(60, 86_400)
    )
    pool_size: int = _setting(5, "Database connections kept open a process.", between=(1, 500))
    pool_overflow: int = _setting(
        5, "Connections beyond those while many ask at once.", between=(0, 500)
    )
    pool_wait_s: float = _setting(
        5.0,
        "Seconds that a request waits for a connection when all are in use; then it is told to "
        "come back.",
        between=(0.1, 60),
    )
    cache_mb: int = _setting(
        64,
        "MiB of memory for what was read and may be asked for again, a process.",
        between=(1, 65_536),
    )
    redis_url: str | None = _setting(
        None,
        "A Redis, redis:// or rediss://, in which processes share what they read; without it each "
        "keeps its own.",
        each=redis_address,
        secret=True,
    )
    without: tuple[str, ...] = _setting(
        (),
        "Optimizations that are left out, comma-separated, for comparisons: "
        f"{', '.join(OPTIMIZATIONS)}.",
        each=optimization,
    )
    connect_timeout_s: int = _setting(
        5, "Seconds to wait for a connection to the database.", between=(1, 300)
    )
    statement_timeout_s: int = _setting(
        15, "Seconds after which the server ends a statement.", between=(1, 86_400)
    )
    idle_in_transaction_timeout_s: int = _setting(
        30, "Seconds after which the server ends an idle transaction.", between=(1, 86_400)
    )
    link_timeout_s: int = _setting(
        10, "Seconds of silence after which a link to the database is given up.", between=(1, 300)
    )
    snapshot_interval_s: int = _setting(
        30,
        "Seconds between stored snapshots.",
        between=(1, 3600),
        legacy="OI_TRACKER_DB_SAVE_INTERVAL_SECONDS",
    )
    live_interval_s: float = _setting(
        1.0, "Seconds between chains of the simulated market.", between=(0.01, 3600)
    )
    simulate_effect: float = _setting(
        0.0,
        "How strongly open interest of the simulated market runs ahead of its index, so that there "
        "is something for models to find: 0 not at all, 1 as strongly as its own noise.",
        between=(0, 10),
    )
    feed: str = _setting(
        FEEDS[0],
        "Where the demo's chains come from: simulate, kite-standin (the broker's whole way, on "
        "this machine) or kite.",
        among=FEEDS,
    )
    kite_api_key: str | None = _setting(
        None, "API key of an app at Kite Connect, whose feed is collected."
    )
    kite_api_secret: str | None = _setting(None, "The secret of that API key.", secret=True)
    kite_users: tuple[str, ...] = _setting(
        (),
        "User ids at the broker that may sign in by its login page, comma-separated; AB1234:admin "
        "for an administrator.",
        each=kite_user,
    )
    kite_root: str | None = _setting(
        None, "Address of the broker's HTTP interface; without it Kite Connect's own."
    )
    kite_ticker_root: str = _setting("wss://ws.kite.trade", "Address of the broker's ticker.")
    kite_login_url: str | None = _setting(
        None, "Address of the broker's login page; without it Kite Connect's own."
    )
    kite_usdinr: str | None = _setting(
        None,
        "What the dollar in INR is read from, EXCHANGE:SYMBOL; without it the near USDINR future "
        "on CDS, where that is listed.",
    )
    kite_crude: str | None = _setting(
        None,
        "What crude in INR is read from, EXCHANGE:SYMBOL; without it the near CRUDEOIL future on "
        "MCX, where that is listed.",
    )
    bootstrap_days: int = _setting(
        1,
        "Trading days, today's included, whose gaps are filled from the broker's candles; 0 for "
        "none.",
        between=(0, 40),
    )
    alert_webhook_url: str | None = _setting(
        None,
        "Address of http or https that the collector tells of each alert, by a POST with JSON.",
        secret=True,
    )
    signal_threshold: float = _setting(
        0.45, "Chance from which a signal says BUY or SELL, not HOLD.", between=(0.34, 0.99)
    )
    signal_cooldown_s: int = _setting(
        300,
        "Seconds after a BUY or SELL in which the other side is not told.",
        between=(0, 86_400),
    )
    signal_paper_lots: int = _setting(
        0, "Lots with which each BUY or SELL is followed on paper; 0 for none.", between=(0, 1000)
    )
    slow_after_s: float = _setting(
        1.0, "Seconds from which an operation is called slow in the log.", between=(0.001, 3600)
    )
    slow_plans: str = _setting(
        "off", "Whether the plan of a slow statement is logged beside it.", among=("off", "on")
    )
    objectives_file: Path | None = _setting(
        None, "A file of objectives that goes before the built-in ones."
    )
    operations_webhook_url: str | None = _setting(
        None,
        "Address of http or https that is told when an objective burns, and when no more, by a "
        "POST with JSON.",
        secret=True,
    )
    metrics_token: str | None = _setting(
        None,
        "What whoever reads /metrics must send as a bearer token; without it only this machine "
        "may.",
        secret=True,
    )
    collector_metrics_port: int = _setting(
        0, "Port on which the collector answers /metrics; 0 for none.", between=(0, 65_535)
    )
    log_format: str = _setting(
        "text", "How dashboard and collector write their logs.", among=("text", "json")
    )
    otlp_endpoint: str | None = _setting(
        None, "Address that traces are sent to by OTLP over HTTP; needs the extra `tracing`."
    )
    ui_refresh_s: int = _setting(
        5,
        "Seconds between polls of a page without a live link.",
        between=(1, 3600),
        legacy="OI_TRACKER_UI_REFRESH_INTERVAL_SECONDS",
    )
    lock_timeout_ms: int = _setting(
        20, "Milliseconds a migration waits for a lock before it tries anew.", between=(1, 60_000)
    )

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        hidden = (f"{f.name}=***" for f in fields(self) if not f.repr and getattr(self, f.name))
        return f"Settings({', '.join([*shown, *hidden])})"


@cache
def settings() -> Settings:
    """The settings of this process, read on first use; raises SettingsError."""
    found = settings_from(os.environ)
    if found.calendar_file is not None:
        calendar.adopt(found.calendar_file)
    if found.exchanges_file is not None:
        EXCHANGES.adopt(found.exchanges_file)
    return found


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Settings from a mapping like os.environ; raises SettingsError naming the variable."""
    values: dict[str, object] = {}
    for spec in fields(Settings):
        for name in filter(None, (variable(spec), spec.metadata["legacy"])):
            if raw := environ.get(name):
                values[spec.name] = parsed(name, raw, spec)
                break
    if "database_url" not in values:
        values["database_url"] = legacy_database(environ)
    return Settings(**values)  # type: ignore[arg-type]  # checked field by field above


def variable(spec: "Field[Any]") -> str:
    """The variable that a field of Settings is read from."""
    return f"OI_{spec.name.upper()}"
