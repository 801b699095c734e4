"""What the database was seen to hold while all went on, and what it holds in the end."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import URL

from benchmarks.chaos import past
from benchmarks.chaos.truth import is_true, legs_at
from benchmarks.timing.waiting import beside
from db import links
from db.market.clock import IST

Key = tuple[str, datetime]

_LOOK_EVERY_S = 0.25
_PATIENCE_S = 2.0
# a clock that is ahead has marks stored early, and those before them come later
_LATE = timedelta(minutes=3)
_STEP_S = 0.5
_SEEN = "SELECT exchange, timestamp FROM snapshots WHERE timestamp > %s"
_EDGE = "SELECT exchange, sequence, updated_at, clock_timestamp() FROM chain_summary"
_ROWS = """
    SELECT strike, option_type, oi
    FROM option_chain_snapshots
    WHERE exchange = %s AND timestamp = %s
"""
_DOUBLED = """
    SELECT count(*) - count(DISTINCT (exchange, timestamp, strike, option_type))
    FROM option_chain_snapshots
"""
_ROLLUPS = """
    WITH direct AS (
        SELECT time_bucket('1 minute', timestamp) AS bucket,
               exchange,
               last(oi_ce, timestamp) AS oi_ce,
               last(oi_pe, timestamp) AS oi_pe,
               count(*) AS snapshots
        FROM snapshots
        GROUP BY 1, 2
    )
    SELECT count(*)
    FROM direct
    FULL JOIN oi_1m AS kept USING (bucket, exchange)
    WHERE (direct.oi_ce, direct.oi_pe, direct.snapshots)
          IS DISTINCT FROM (kept.oi_ce, kept.oi_pe, kept.snapshots)
"""
_FEATURES = """
    SELECT
        count(*) FILTER (WHERE kept.timestamp IS NULL),
        count(kept.timestamp) - count(DISTINCT (exchange, timestamp))
    FROM snapshots
    LEFT JOIN ml_features AS kept USING (exchange, timestamp)
    WHERE timestamp > %s
"""
_ALERTS = """
    SELECT
        count(*) FILTER (WHERE fired),
        count(*) - count(DISTINCT (alert_id, fired, sequence))
    FROM alert_events
"""
_ORDERS = """
    SELECT key, count(*), (SELECT count(*) FROM paper_fills WHERE order_id = any(array_agg(o.id)))
    FROM paper_orders AS o
    GROUP BY key
"""


@dataclass
class Watched:
    """What was seen committed, through a connection that no fault of the wire meets.

    `since` is when all began (naive). `seen` are snapshots from then on, `shown_at` when the
    database took the state of each key and sequence, by our clock; its own may be set meanwhile.
    """

    since: datetime
    seen: set[Key] = field(default_factory=set)
    shown_at: dict[tuple[str, int], datetime] = field(default_factory=dict)
    _ahead: timedelta | None = None
    _unsure: set[tuple[str, int]] = field(default_factory=set)

    @contextmanager
    def watching(self, url: URL) -> Iterator[None]:
        """Look again and again until the block ends; a database that is away is waited for."""

        def watch(ended: threading.Event) -> None:
            while not ended.is_set():
                try:
                    with links.connect(
                        url, application_name="oi witness", patience_s=_PATIENCE_S
                    ) as link:
                        self._follow(link, ended)
                except psycopg.Error:
                    ended.wait(_LOOK_EVERY_S)

        with beside("witness", watch):
            yield

    def _follow(self, link: "psycopg.Connection[Any]", ended: threading.Event) -> None:
        self.seen.update(link.execute(_SEEN, [self.since]).fetchall())
        while not ended.wait(_LOOK_EVERY_S):
            # one that was stored later still is found at the next connection, or at the end
            newest = max((at for _, at in self.seen), default=self.since + _LATE)
            self.seen.update(link.execute(_SEEN, [newest - _LATE]).fetchall())
            self._note(link.execute(_EDGE).fetchall())

    def _note(self, found: Sequence[tuple[str, int, datetime, datetime]]) -> None:
        """Remember when states were taken; of one first seen after a clock was set nobody knows."""
        if not found:
            return
        ahead = found[0][3] - datetime.now(UTC)
        if self._ahead is None or abs((ahead - self._ahead).total_seconds()) > _STEP_S:
            self._ahead = ahead
            self._unsure = {(exchange, sequence) for exchange, sequence, *_ in found}
        for exchange, sequence, taken_at, _ in found:
            if (exchange, sequence) not in self._unsure:
                self.shown_at.setdefault((exchange, sequence), taken_at - self._ahead)


def judged(
    link: "psycopg.Connection[Any]",
    watched: Watched,
    interval_s: int,
    keys: dict[str, set[str]],
    old: tuple[int, int, int],
) -> dict[str, Any]:
    """What is missing, double or wrong of it.

    `keys` are confirmed and refused paper orders, `old` is what there was of days long past.
    """
    seen, held = watched.seen, set(link.execute(_SEEN, [watched.since]).fetchall())
    lost, wrong = 0, 0
    for exchange, at in seen | held:
        legs = {(strike, side): oi for strike, side, oi in link.execute(_ROWS, [exchange, at])}
        moment = at.replace(tzinfo=IST)
        lost += len(legs_at(exchange, moment).keys() - legs.keys())
        wrong += bool(legs) and not is_true(exchange, moment, legs)
    features = link.execute(_FEATURES, [watched.since]).fetchone() or (0, 0)
    alerts = link.execute(_ALERTS).fetchone() or (0, 0)
    orders = {key: (rows, fills) for key, rows, fills in link.execute(_ORDERS)}
    return {
        "snapshots": len(held),
        "snapshots_seen": len(seen),
        "rows_lost": lost,
        "rows_doubled": _number(link, _DOUBLED),
        "marks_doubled": _doubled_marks(held, interval_s),
        "marks_missing": _missing_marks(held, interval_s),
        "chains_wrong": wrong,
        "rollups_wrong": _number(link, _ROLLUPS),
        "features_lost": features[0],
        "features_doubled": features[1],
        "archive_wrong": int(past.held(link) != old),
        "alerts": alerts[0],
        "alerts_doubled": alerts[1],
        "orders": len(keys["confirmed"]),
        "orders_lost": sum(orders.get(key, (0, 0))[0] != 1 for key in keys["confirmed"]),
        "orders_doubled": sum(rows > 1 or fills > 1 for rows, fills in orders.values()),
        "orders_kept_though_refused": len(keys["refused"] & orders.keys()),
    }


def _number(link: "psycopg.Connection[Any]", query: str) -> int:
    (found,) = link.execute(query).fetchone() or (0,)
    return int(found)


def _slots(held: set[Key], interval_s: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for exchange, at in held:
        found.setdefault(exchange, []).append(int(at.timestamp()) // interval_s)
    return found


def _doubled_marks(held: set[Key], interval_s: int) -> int:
    return sum(len(slots) - len(set(slots)) for slots in _slots(held, interval_s).values())


def _missing_marks(held: set[Key], interval_s: int) -> int:
    return sum(
        max(slots) - min(slots) + 1 - len(set(slots)) for slots in _slots(held, interval_s).values()
    )
