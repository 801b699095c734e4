"""When a conversion may go on: pause, time of day, replicas' lag, rows per second, rests."""

import threading
import time
from collections import deque
from collections.abc import Callable

from db.convert import state
from db.convert.errors import BlockedError
from db.convert.model import Job, Throttle
from db.convert.session import Connection, one
from db.market.clock import market_now

_LOOK_S = 0.5
_SAMPLE_S = 0.1
# who was slower than the limit for a moment may be that much faster afterwards
_CREDIT_S = 0.25
# shorter rests would not be felt: meanwhile the server works off what is on its way
_STRETCH_S = 0.1

Waiting = Callable[[str | None], None]
"""Told, when it changes, what is waited for; None when it goes on."""


class LagMeter:
    """How far the slowest replica is behind, in s: when was the WAL written that it replays now?

    pg_stat_replication.replay_lag stands still while a replica replays nothing (its replay paused,
    or kept busy by a conflict), so the positions of the primary are noted here, with their times.
    A replica says where it is with the next WAL it gets, or after wal_receiver_status_interval.
    https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW
    """

    def __init__(self) -> None:
        self._lacking: deque[tuple[float, int]] = deque()

    def lag_s(self, connection: Connection) -> float:
        """Seconds; 0 without replicas. Raises BlockedError where the role may not see them."""
        row = one(
            connection,
            """
            SELECT coalesce(extract(epoch FROM max(r.replay_lag)), 0)::FLOAT8 AS reported_s,
                   (min(r.replay_lsn) - '0/0')::BIGINT AS replayed,
                   (pg_current_wal_flush_lsn() - '0/0')::BIGINT AS written,
                   coalesce(bool_or(r.state IS NULL), false) AS is_hidden,
                   current_user AS role
            FROM pg_stat_replication r
            """,
        )
        if row["is_hidden"]:
            raise BlockedError(
                f"{row['role']} may not see how far the replicas are behind: "
                f"GRANT pg_monitor TO {row['role']}, or lift --max-lag-s with "
                "`python -m db convert throttle`."
            )
        if row["replayed"] is None:
            return 0.0
        return max(float(row["reported_s"]), self._behind_s(row["written"], row["replayed"]))

    def _behind_s(self, written: int, replayed: int) -> float:
        """How long ago the first was written of what the slowest replica lacks."""
        now = time.monotonic()
        if not self._lacking or now - self._lacking[-1][0] >= _SAMPLE_S:
            self._lacking.append((now, written))
        while self._lacking and self._lacking[0][1] <= replayed:
            self._lacking.popleft()
        return now - self._lacking[0][0] if self._lacking else 0.0


def wait_for_turn(
    connection: Connection, job: Job, meter: LagMeter, stop: threading.Event, waiting: Waiting
) -> Job:
    """Returns the job as it stands once it may go on, or when `stop` was set."""
    while True:
        job = state.load(connection, job.id)
        if stop.is_set():
            return job
        reason = reason_to_wait(connection, job, meter)
        waiting(reason)
        if reason is None:
            return job
        stop.wait(_LOOK_S)


def reason_to_wait(connection: Connection, job: Job, meter: LagMeter) -> str | None:
    """Why nothing is done now, or None."""
    if job.paused:
        return "paused"
    if not job.throttle.is_open(market_now().time()):
        return "outside the hours of copying"
    limit_s = job.throttle.max_lag_s
    if limit_s is not None and meter.lag_s(connection) > limit_s:
        return f"a replica is more than {limit_s:g} s behind"
    return None


class RateLimit:
    """Rows per second, together for all workers of a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due = time.monotonic()

    def owed_s(self, rows: int, rows_per_s: int | None) -> float:
        """How long to rest after `rows` more, in s; 0 without a limit."""
        if not rows_per_s:
            return 0.0
        with self._lock:
            now = time.monotonic()
            self._due = max(self._due, now - _CREDIT_S) + rows / rows_per_s
            return self._due - now


class Pacer:
    """The rests of one worker."""

    def __init__(self, limit: RateLimit, stop: threading.Event) -> None:
        self._limit, self._stop = limit, stop
        self._since = time.monotonic()

    def rest(self, rows: int, throttle: Throttle) -> None:
        """After work on `rows` rows: wait as long as the limits want, or until stopped."""
        owed_s = self._limit.owed_s(rows, throttle.rows_per_s)
        worked_s = time.monotonic() - self._since
        if worked_s >= _STRETCH_S:
            owed_s = max(owed_s, worked_s * throttle.nice)
        elif owed_s <= 0:
            return
        if owed_s > 0:
            self._stop.wait(owed_s)
        self.begin()

    def begin(self) -> None:
        """Count the time of work from now on."""
        self._since = time.monotonic()
