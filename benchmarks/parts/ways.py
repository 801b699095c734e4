"""The ways in which one read may be asked: prepared or not, from the pool, through a PgBouncer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from benchmarks.errors import BenchmarkError
from benchmarks.parts.pgbouncer import pgbouncer, pgbouncer_program
from benchmarks.server.databases import Session
from benchmarks.server.placing import process_of
from benchmarks.timing import runner
from benchmarks.timing.requests import Request, Statement, replay, unprepared
from benchmarks.timing.statistics import Summary, summarize
from benchmarks.workloads.parameters import Parameters
from benchmarks.workloads.reads import NEWEST
from db.errors import OIError, ServerError

Read = Callable[[Connection, Parameters], Sequence[Any]]

DIRECT = ("unprepared", "call")
BEHIND = ("pooler", "pooler_prepared")
"""As the application asks there, and as it would if it prepared there."""

_NOTHING = Statement("SELECT 1", None, binary=True)
_FIRSTS = 3
# psycopg's own
_PREPARED_AT_THE_SIXTH = 5
_IS_PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"


class PoolerError(BenchmarkError):
    """A pooler does not do what it is there for; whatever goes past it can go on."""


@dataclass(slots=True)
class Behind:
    """The database behind a pooler: an engine for each figure that is had there.

    `missing` says in a sentence why there are none, or none any more; both are empty where nobody
    wants them. `processes` are the pooler's and its session's, None for one that is elsewhere.
    """

    engines: Mapping[str, Engine] = field(default_factory=dict)
    version: str | None = None
    processes: Sequence[int | None] = ()
    missing: str | None = None

    def calls(self, read: Read, parameters: Sequence[Parameters]) -> dict[str, runner.Task]:
        """The tasks that call a read there; each raises PoolerError when it fails."""
        return {
            name: _guarded(call(engine, read, parameters)) for name, engine in self.engines.items()
        }

    def described(self) -> dict[str, Any]:
        """As it stands in a result."""
        return {"version": self.version, "missing": self.missing}


def call(engine: Engine, read: Read, parameters: Sequence[Parameters]) -> runner.Task:
    """The read as the application calls it: pool, transaction, typed rows and all."""

    def run(number: int) -> object:
        with engine.connect() as connection:
            if read in NEWEST:
                # what stands together on a page comes from one snapshot
                connection.execution_options(isolation_level="REPEATABLE READ")
            return read(connection, parameters[number])

    return run


def interleave(
    tasks: Mapping[str, runner.Task],
    behind: Behind,
    others: Mapping[str, runner.Task],
    plan: runner.Plan,
) -> dict[str, runner.Samples]:
    """Times of all in turn; without the others, from then on, where these fail behind a pooler."""
    ways = (*DIRECT, *BEHIND)
    try:
        return runner.interleave({**tasks, **others}, plan, seldom=ways)
    except PoolerError as error:
        behind.engines, behind.missing = {}, str(error)
        return runner.interleave(tasks, plan, seldom=ways)


def figures(times: Mapping[str, Summary]) -> dict[str, float | None]:
    """Their medians under the names that they have in a result; None is not measured."""
    return {
        f"{name}_ms": times[name].p50_ms if name in times else None for name in (*DIRECT, *BEHIND)
    }


def first_ms(session: Session, requests: Sequence[Request]) -> float:
    """What a request takes whose statements the session has to prepare first; the median.

    Nothing that was prepared there is left.
    """
    task, taken = replay(session, requests), []
    for number in range(len(requests) * _FIRSTS):
        session.execute("DEALLOCATE ALL", prepare=False)
        taken.append(runner.elapsed_ms(task, number % len(requests)))
    return median(taken)


def nothing_asked(
    session: Session, engine: Engine, behind: Behind, plan: runner.Plan
) -> dict[str, Any]:
    """The same of a statement that does nothing: what each way costs by itself."""
    requests: list[Request] = [[_NOTHING]] * plan.requests
    given: list[Parameters] = [{}] * plan.requests
    tasks = {
        "prepared": replay(session, requests),
        "unprepared": replay(session, [unprepared(one) for one in requests]),
        "call": call(engine, _nothing, given),
    }
    samples = interleave(tasks, behind, behind.calls(_nothing, given), plan)
    times = {name: summarize(sample.rounds) for name, sample in samples.items()}
    return {
        "after_ms": times["prepared"].p50_ms,
        **figures(times),
        "first_ms": first_ms(session, requests),
    }


@contextmanager
def behind_pgbouncer(server: Session) -> Iterator[Behind]:
    """The database of a session behind a PgBouncer that is there until the block ends.

    One that cannot be had, or does not work, is said to be missing.
    """
    with ExitStack() as stack:
        try:
            behind = _opened(stack, server)
        except ServerError as error:
            behind = Behind(missing=f"No PgBouncer was found: {error}")
        except (OIError, SQLAlchemyError, psycopg.Error) as error:
            behind = Behind(missing=_sentence(error))
        yield behind


def _opened(stack: ExitStack, server: Session) -> Behind:
    info = server.info
    direct = URL.create(
        "postgresql",
        username=info.user,
        password=info.password or None,
        host=info.host,
        port=info.port,
        database=info.dbname,
    )
    # one session, so that it is known which
    pooler = stack.enter_context(pgbouncer(pgbouncer_program(), direct, sessions=1))
    engines = {}
    for name in BEHIND:
        engines[name] = _engine(pooler.url, direct, prepares=name == "pooler_prepared")
        stack.callback(engines[name].dispose)
    with engines["pooler"].connect() as connection:
        processes = [pooler.process, process_of(_driver(connection))]
    if not _is_prepared_by(engines["pooler_prepared"]):
        del engines["pooler_prepared"]
    return Behind(engines, pooler.version, processes)


def _engine(pooler: URL, direct: URL, *, prepares: bool) -> Engine:
    from db.engine import engine_for
    from db.settings import Settings

    engine = engine_for(pooler, settings=Settings(database_direct_url=direct), read_only=True)
    if prepares:
        event.listen(engine, "connect", _let_prepare)
    return engine


def _let_prepare(link: Any, _record: Any) -> None:
    link.prepare_threshold = _PREPARED_AT_THE_SIXTH


def _is_prepared_by(engine: Engine) -> bool:
    """Whether a statement prepared there is one at the server when it is asked for again."""
    with engine.connect() as connection:
        driver = _driver(connection)
        driver.execute(_NOTHING.text, prepare=True)
        connection.commit()
        [found] = driver.execute(_IS_PREPARED, prepare=False).fetchone() or [0]
        return bool(found)


def _driver(connection: Connection) -> Session:
    return connection.connection.driver_connection  # type: ignore[return-value]  # psycopg's


def _nothing(connection: Connection, _given: Parameters) -> Sequence[Any]:
    from db.driver import driver_cursor

    with driver_cursor(connection, binary=True) as cursor:
        return cursor.execute(_NOTHING.text).fetchall()


def _guarded(task: runner.Task) -> runner.Task:
    def run(number: int) -> object:
        try:
            return task(number)
        except (OIError, SQLAlchemyError, psycopg.Error) as error:
            raise PoolerError(_sentence(error)) from error

    return run


def _sentence(error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, BenchmarkError):
        return reason
    return f"Behind PgBouncer a read failed: {reason}"
