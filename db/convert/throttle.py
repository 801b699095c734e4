"""When a copy may go on: pause, time of day, replicas' lag, rows per second."""

import threading
import time

from db.clock import market_now
from db.convert import state
from db.convert.model import Job
from db.convert.session import Connection, one

_LOOK_S = 0.5


def wait_for_turn(connection: Connection, job: Job, stop: threading.Event) -> Job:
    """Returns the job as it stands once copying is allowed, or when `stop` was set."""
    while True:
        job = state.load(connection, job.id)
        if stop.is_set() or reason_to_wait(connection, job) is None:
            return job
        stop.wait(_LOOK_S)


def reason_to_wait(connection: Connection, job: Job) -> str | None:
    """Why nothing is copied now, or None."""
    if job.paused:
        return "paused"
    if not job.throttle.is_open(market_now().time()):
        return "outside the hours of copying"
    limit_s = job.throttle.max_lag_s
    if limit_s is not None and _lag_s(connection) > limit_s:
        return f"a replica is more than {limit_s:g} s behind"
    return None


def pace(job: Job, rows: int, began: float, stop: threading.Event) -> None:
    """Sleeps until `rows` since `began` (time.monotonic) keep to the limit of rows per second."""
    if job.throttle.rows_per_s:
        rest_s = rows / job.throttle.rows_per_s - (time.monotonic() - began)
        if rest_s > 0:
            stop.wait(rest_s)


def _lag_s(connection: Connection) -> float:
    row = one(
        connection,
        "SELECT coalesce(extract(epoch FROM max(replay_lag)), 0)::FLOAT8 AS lag_s "
        "FROM pg_stat_replication",
    )
    return float(row["lag_s"])
