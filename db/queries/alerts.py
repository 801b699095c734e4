"""Rules of alerts by user and for who watches them, and the log of what they told."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from db.market.limits import ALERT_GAP_S
from db.queries.statements import fetch, fetch_one

_NEWEST = 2**63 - 1


class AlertRow(NamedTuple):
    """A rule as its user sees it."""

    id: int
    exchange: str
    kind: str
    params: dict[str, Any]
    enabled: bool
    repeats: bool
    cooldown_s: int
    fired_at: datetime | None
    created_at: datetime


class WatchedAlert(NamedTuple):
    """A rule that is switched on, with what was found of it last.

    `is_continuous` says that somebody looked at its exchange a moment ago.
    """

    id: int
    owner: str
    exchange: str
    kind: str
    params: dict[str, Any]
    repeats: bool
    cooldown_s: int
    state: dict[str, Any] | None
    revision: int
    since_fired_s: float | None
    is_continuous: bool


class AlertEvent(NamedTuple):
    """An entry of the log; `timestamp` and `sequence` name the chain as of then."""

    id: int
    alert_id: int
    exchange: str
    kind: str
    fired: bool
    told_at: datetime
    timestamp: datetime | None
    sequence: int | None
    value: float | None
    message: str


def alerts_of(connection: Connection, owner: str) -> tuple[AlertRow, ...]:
    """All rules of a user, in the order in which they were made."""
    return fetch(connection, AlertRow, "alerts", "rules_of", owner=owner)


def alert_of(connection: Connection, owner: str, number: int) -> AlertRow | None:
    """One rule of a user; None when it is not there, or another's."""
    return fetch_one(connection, AlertRow, "alerts", "rule_of", owner=owner, id=number)


def watched_alerts(connection: Connection, holder: str, lease_s: float) -> tuple[WatchedAlert, ...]:
    """The rules that are the collector's of that name to watch; a lease older than that is free."""
    binds = {"holder": holder, "lease_s": lease_s, "gap_s": ALERT_GAP_S}
    return fetch(connection, WatchedAlert, "alerts", "watched_rules", **binds)


def alert_events(
    connection: Connection, owner: str, limit: int, before: int | None = None
) -> tuple[AlertEvent, ...]:
    """What a user's rules told, newest first; only what stands before that entry of the log."""
    binds = {"owner": owner, "limit": limit, "before": _NEWEST if before is None else before}
    return fetch(connection, AlertEvent, "alerts", "events_before", **binds)
