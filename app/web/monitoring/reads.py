"""Each part of the database that the monitoring page shows, and how often it is read."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from app.web.database import Database
from app.web.monitoring.parts import Read
from db.loading import load
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from sqlalchemy import Connection

_STATUS = ("alembic", "db.status.reading")
_ALERTS_SHOWN = 6
_COMMANDS_SHOWN = 20
_LEAST_OF_A_WEEK = 100


def reads(database: Database) -> Mapping[str, tuple[Read, float]]:
    """By name: what reads it, and after how many seconds it is read again."""
    return {
        "collectors": (_collectors, 1.0),
        "latest": (_latest, 5.0),
        "trends": (_trends, 30.0),
        "commands": (_commands, 5.0),
        "work": (partial(_work, database), 5.0),
        "storage": (partial(_storage, database), 60.0),
        "weeks": (_weeks, 300.0),
        "signals": (_signals, 60.0),
    }


def _collectors(connection: "Connection") -> dict[str, Any]:
    from db.queries.feeds import chain_ages, collector_leases

    return {
        "leases": {each.exchange: each for each in collector_leases(connection)},
        "ages": {each.exchange: each for each in chain_ages(connection)},
    }


def _latest(connection: "Connection") -> dict[str, Any]:
    from db.queries import performance

    return {
        "operations": performance.latest_samples(connection),
        "alerts": performance.recent_alerts(connection, _ALERTS_SHOWN),
    }


def _trends(connection: "Connection") -> dict[str, Any]:
    from db.queries import performance

    return {
        "hour": performance.trend_of_hour(connection),
        "day": performance.trend_of_day(connection),
    }


def _commands(connection: "Connection") -> Any:
    from db.queries.performance import command_runs

    return command_runs(connection, _COMMANDS_SHOWN)


def _weeks(connection: "Connection") -> Any:
    from db.queries.performance import weeks

    return weeks(connection, _LEAST_OF_A_WEEK)


def _work(database: Database, connection: "Connection") -> Any:
    load(*_STATUS)
    from db.status.reading import work

    return work(connection, database.url())


def _storage(database: Database, connection: "Connection") -> Any:
    load(*_STATUS)
    from db.status.reading import storage

    return storage(connection, database.url())


def _signals(connection: "Connection") -> dict[str, Any]:
    """By key: how its signals have done over the last weeks, and inputs that have moved."""
    from app.signals.standing import standing

    now = market_now()
    return {key: standing(connection, key, now) for key in EXCHANGES}
