"""What the administrator's commands did is kept where the monitoring page finds it.

A command that took its time leaves a sample like any other operation's, and the newest run of each
name stands in `command_runs`. Neither is worth a failure: what cannot be noted is logged.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError

from db.errors import DatabaseUnavailableError, InvalidInputError, OIError

_LOG = logging.getLogger("oi.runs")
_SERVICE = "db"
_MS = 1000.0


@dataclass(slots=True)
class Run:
    """A run that is under way.

    Who does it may set `size`, of rows or whatever it counts; `problem` where it failed without an
    error; `is_idle` where there was nothing to do, which is no sample.
    """

    name: str
    size: int | None = None
    problem: str | None = None
    is_idle: bool = False


@contextmanager
def noted(engine: Engine, name: str) -> Iterator[Run]:
    """Note how the block went, under a name without values; what it raises is raised on.

    A block that refuses its input has not run.
    """
    run, began_at, began = Run(name), datetime.now(UTC), perf_counter()
    try:
        yield run
    except InvalidInputError:
        raise
    except BaseException as error:
        run.problem = str(error).partition("\n")[0] or type(error).__name__
        note(engine, run, began_at, perf_counter() - began)
        raise
    note(engine, run, began_at, perf_counter() - began)


@contextmanager
def noted_at(url: URL, name: str) -> Iterator[Run]:
    """The same over a connection of its own, which is not there until the block has ended."""
    from db.engine import engine_for

    engine = engine_for(url, application_name="oi-gemini notes")
    try:
        with noted(engine, name) as run:
            yield run
    finally:
        engine.dispose()


def note(engine: Engine, run: Run, began_at: datetime, took_s: float) -> None:
    """Note a run; does nothing where the schema is older, or the role may not write there."""
    from db.ingest.performance import Ran, Sample, may_note_runs, write_run, write_samples

    failed = int(run.problem is not None)
    ended_at, process = datetime.now(UTC), f"{socket.gethostname()}:{os.getpid()}"
    ran = Ran(run.name, process, began_at, ended_at, run.size, run.problem)
    sample = Sample(
        sampled_at=ended_at,
        service=_SERVICE,
        process=process,
        kind="step",
        name=run.name,
        operations=1,
        failures=failed,
        bad=failed,
        total_ms=took_s * _MS,
        max_ms=took_s * _MS,
        p95_ms=took_s * _MS,
        size=run.size,
    )
    try:
        with engine.begin() as connection:
            if may_note_runs(connection):
                write_run(connection, ran)
                write_samples(connection, [] if run.is_idle and not failed else [sample])
    except (OIError, SQLAlchemyError) as error:
        # that it is away is said by whoever needs it
        is_away = isinstance(error, DatabaseUnavailableError)
        level = logging.DEBUG if is_away else logging.WARNING
        _LOG.log(level, "%s is not noted: %s", run.name, str(error).partition("\n")[0])
