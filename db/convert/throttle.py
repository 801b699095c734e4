"""When a copy may go on: pause, time of day, replicas' lag, rows per second."""

import threading
import time
from collections import deque
from collections.abc import Callable

from db.clock import market_now
from db.convert import state
from db.convert.errors import BlockedError
from db.convert.model import Job
from db.convert.session import Connection, one

_LOOK_S = 0.5
_SAMPLE_S = 0.1

Waiting = Callable[[Connection, str | None], None]
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
    """Returns the job as it stands once copying is allowed, or when `stop` was set."""
    while True:
        job = state.load(connection, job.id)
        if stop.is_set():
            return job
        reason = reason_to_wait(connection, job, meter)
        waiting(connection, reason)
        if reason is None:
            return job
        stop.wait(_LOOK_S)


def reason_to_wait(connection: Connection, job: Job, meter: LagMeter) -> str | None:
    """Why nothing is copied now, or None."""
    if job.paused:
        return "paused"
    if not job.throttle.is_open(market_now().time()):
        return "outside the hours of copying"
    limit_s = job.throttle.max_lag_s
    if limit_s is not None and meter.lag_s(connection) > limit_s:
        return f"a replica is more than {limit_s:g} s behind"
    return None


def pace(job: Job, rows: int, began: float, stop: threading.Event) -> None:
    """Sleeps until `rows` since `began` (time.monotonic) keep to the limit of rows per second."""
    if job.throttle.rows_per_s:
        rest_s = rows / job.throttle.rows_per_s - (time.monotonic() - began)
        if rest_s > 0:
            stop.wait(rest_s)
