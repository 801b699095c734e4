"""Every conversion of a database as one value each, for people and scripts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import URL

from db.convert import facts, reconcile, state
from db.convert import pair as pairs
from db.convert.model import BEFORE_SWAP, Job, Phase
from db.convert.session import Connection, Row, connect, is_installed, one


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One conversion: where it is, what it did, what waits.

    `waiting_for` is why a run that is going on copies nothing; `log_entries` are changes not yet
    brought in step, None where there is no log any more.
    """

    conversion_id: int
    table: str
    direction: str
    phase: str
    is_running: bool
    paused: bool
    waiting_for: str | None
    hold_swap: bool
    windows: int
    windows_copied: int
    windows_verified: int
    rows_copied: int
    log_entries: int | None
    quarantined: tuple[Row, ...]
    started_at: datetime
    swapped_at: datetime | None
    ended_at: datetime | None
    events: tuple[Row, ...]


def report(url: URL, table: str | None = None) -> list[Report]:
    """The conversions of a database, newest first, of one table or of all."""
    with connect(url) as connection:
        if not is_installed(connection):
            return []
        wanted = facts.named(connection, table) if table else None
        return [
            _report(connection, job)
            for job in state.all_jobs(connection)
            if wanted is None or (job.table_schema, job.table_name) == (wanted.schema, wanted.name)
        ]


def _report(connection: Connection, job: Job) -> Report:
    done = state.copied(connection, job.id)
    times = one(
        connection,
        """
        SELECT c.started_at,
               c.swapped_at,
               c.ended_at,
               EXISTS (
                   SELECT
                   FROM pg_locks l
                   WHERE l.locktype = 'advisory'
                     AND l.classid::BIGINT = 1869177718
                     AND l.objid::BIGINT = c.id
                     AND l.database = (
                         SELECT oid FROM pg_database WHERE datname = current_database()
                     )
               ) AS is_running
        FROM oi_convert.conversion c
        WHERE c.id = %s
        """,
        [job.id],
    )
    return Report(
        conversion_id=job.id,
        table=job.label,
        direction=job.direction,
        phase=job.phase,
        paused=job.paused,
        waiting_for=state.waiting_for(connection, job.id) if times["is_running"] else None,
        hold_swap=job.hold_swap,
        windows=done["windows"],
        windows_copied=done["copied"],
        windows_verified=done["verified"],
        rows_copied=done["rows"],
        log_entries=_log_entries(connection, job),
        quarantined=tuple(state.quarantined(connection, job.id)),
        events=tuple(state.events(connection, job.id)),
        **times,
    )


def _log_entries(connection: Connection, job: Job) -> int | None:
    if job.phase in BEFORE_SWAP and job.phase is not Phase.PREPARING:
        return reconcile.backlog(connection, pairs.forward(connection, job))
    if job.phase is Phase.SWAPPED:
        return reconcile.backlog(connection, pairs.backward(connection, job))
    return None
