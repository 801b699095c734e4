"""How long operations took in all processes, by kind and name."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.queries.statements import fetch

HOUR_STEP_S = 60
DAY_STEP_S = 900
"""What lies between two points of a trend over an hour, and over a day."""


class HourTotals(NamedTuple):
    """A key's operations of the last hour; `late_` are those of its last five minutes."""

    kind: str
    name: str
    operations: int
    failures: int
    bad: int
    late_operations: int | None
    late_bad: int | None


class Totals(NamedTuple):
    """A key's operations in a stretch of time."""

    kind: str
    name: str
    operations: int
    failures: int
    bad: int


class Latest(NamedTuple):
    """A key's operations of the last minute, by service."""

    service: str
    kind: str
    name: str
    operations: int
    failures: int
    bad: int
    total_ms: float
    p95_ms: float | None
    max_ms: float
    size: int | None


class TrendPoint(NamedTuple):
    """The worst 95th percentile of a step, counted back from now."""

    kind: str
    name: str
    steps_ago: int
    p95_ms: float | None


class Weeks(NamedTuple):
    """The mean of the last day, and of the same day a week before."""

    kind: str
    name: str
    mean_ms: float
    mean_ms_before: float


class Refresh(NamedTuple):
    """A rollup's last refresh, and by how much the next one is late."""

    name: str
    last_run: datetime
    duration_ms: float | None
    failed: bool
    late_s: float


class BurnAlert(NamedTuple):
    """A stretch of time in which an objective burned; it goes on while `resolved_at` is None."""

    objective: str
    began_at: datetime
    resolved_at: datetime | None
    burn: float
    sentence: str


class CommandRun(NamedTuple):
    """A command's newest run, and when and why one failed last; None where none did."""

    name: str
    process: str
    began_at: datetime
    ended_at: datetime
    size: int | None
    failed_at: datetime | None
    problem: str | None

    @property
    def has_failed(self) -> bool:
        """Whether the newest run failed."""
        return self.failed_at is not None and self.failed_at >= self.began_at

    @property
    def took_ms(self) -> float:
        """How long it took."""
        return (self.ended_at - self.began_at).total_seconds() * 1000


def totals_of_hour(connection: Connection) -> tuple[HourTotals, ...]:
    """Every key's operations of the last hour."""
    return fetch(connection, HourTotals, "performance", "totals_of_hour")


def totals_of_day(connection: Connection) -> tuple[Totals, ...]:
    """Every key's operations of the last day."""
    return fetch(connection, Totals, "performance", "totals_of_day")


def totals_of_month(connection: Connection) -> tuple[Totals, ...]:
    """Every key's operations of the last 30 days."""
    return fetch(connection, Totals, "performance", "totals_of_month")


def latest_samples(connection: Connection) -> tuple[Latest, ...]:
    """The last minute of all processes."""
    return fetch(connection, Latest, "performance", "latest")


def trend_of_hour(connection: Connection) -> tuple[TrendPoint, ...]:
    """The last hour by minutes."""
    return fetch(connection, TrendPoint, "performance", "trend_of_hour", step_s=HOUR_STEP_S)


def trend_of_day(connection: Connection) -> tuple[TrendPoint, ...]:
    """The last day by quarters of an hour."""
    return fetch(connection, TrendPoint, "performance", "trend_of_day", step_s=DAY_STEP_S)


def weeks(connection: Connection, least: int) -> tuple[Weeks, ...]:
    """The last day against a week before, of keys with so many operations on both."""
    return fetch(connection, Weeks, "performance", "weeks", least=least)


def refreshes(connection: Connection) -> tuple[Refresh, ...]:
    """The last refresh of each rollup that ran at all, unless it is paused or runs just now."""
    return fetch(connection, Refresh, "performance", "refreshes")


def open_alerts(connection: Connection) -> tuple[BurnAlert, ...]:
    """What burns now."""
    return fetch(connection, BurnAlert, "performance", "open_alerts")


def recent_alerts(connection: Connection, limit: int) -> tuple[BurnAlert, ...]:
    """What burned lately, newest first."""
    return fetch(connection, BurnAlert, "performance", "recent_alerts", limit=limit)


def command_runs(connection: Connection, limit: int) -> tuple[CommandRun, ...]:
    """The newest run of each command, the last one first."""
    return fetch(connection, CommandRun, "performance", "command_runs", limit=limit)
