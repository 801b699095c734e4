"""Running what is due: refreshes, archiving and retention that the server does not run itself.

Safe to run from several places at once: each policy is claimed by whoever comes first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from db.timescale.catalog.engine import require_engine
from db.timescale.fill import Report, fill, unlimited

_NOW = text("SELECT clock_timestamp() AS now")
_RUN = text("CALL timescale_engine.run_due_policies()")
_RUNS = text(
    """
    SELECT p.kind AS kind,
           p.target AS target,
           p.last_run AS last_run,
           p.last_duration_ms AS duration_ms,
           p.last_status AS status,
           p.last_error AS error,
           nullif(p.next_run, 'infinity') AS next_run,
           p.schedule_interval AS schedule_interval
    FROM timescale_engine.policy AS p
    WHERE CAST(:since AS timestamptz) IS NULL OR p.last_run >= :since
    ORDER BY p.last_run, p.target
    """
)
_MAKE_DUE = text("UPDATE timescale_engine.policy SET next_run = now() WHERE next_run < 'infinity'")
_NAMES = text("SELECT r.spec ->> 'name' AS name FROM timescale_engine.rollup AS r ORDER BY r.id")


@dataclass(frozen=True, slots=True)
class PolicyRun:
    """A policy of the toolkit's own and how its last run went; times are aware.

    `next_run` None: it is paused.
    """

    kind: str
    target: str
    last_run: datetime | None
    duration_ms: float | None
    status: str | None
    error: str | None
    next_run: datetime | None


def run_due(engine: Engine, *, all_now: bool = False) -> Sequence[PolicyRun]:
    """Runs every policy that is due, or all of them; the runs made, with their errors.

    Raises TimescaleError where the database holds no rollup engine.
    """
    with _session(engine) as connection:
        since = connection.execute(_NOW).scalar_one()
        if all_now:
            connection.execute(_MAKE_DUE)
        connection.execute(_RUN)
        return policies(connection, since)


def policies(connection: Connection, since: datetime | None = None) -> Sequence[PolicyRun]:
    """The toolkit's own policies, or those that ran since a time."""
    return [
        PolicyRun(
            kind=row.kind,
            target=row.target,
            last_run=row.last_run,
            duration_ms=row.duration_ms,
            status=row.status,
            error=row.error,
            next_run=row.next_run,
        )
        for row in connection.execute(_RUNS, {"since": since})
    ]


def fill_all(engine: Engine, report: Report) -> Sequence[str]:
    """Brings every rollup up to date with all its source holds, sources first; their names."""
    with _session(engine) as connection:
        names = list(connection.execute(_NAMES).scalars())
        for name in names:
            fill(connection, name, report)
        return names


@contextmanager
def _session(engine: Engine) -> Iterator[Connection]:
    """A connection in autocommit without a statement timeout, on a database with the engine."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        require_engine(connection)
        with unlimited(connection):
            yield connection
