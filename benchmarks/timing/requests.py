"""What is sent to a server to answer one question, taken down so that it can be sent again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.pq import Format
from sqlalchemy import Connection, Engine

from benchmarks.server.databases import Session

Parameters = Mapping[str, Any] | Sequence[Any] | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL text with the parameters bound to it.

    `binary` is the form its rows come in; one that is not `prepared` is planned at each run, as
    the legacy program's driver has it.
    """

    text: str
    parameters: Parameters
    binary: bool = False
    prepared: bool = True


Request = Sequence[Statement]
"""The statements that answer one question, in order; the last one returns its rows."""


def answer(session: Session, request: Request) -> list[tuple[Any, ...]]:
    """Send a request and fetch every row; the last statement's rows."""
    rows: list[tuple[Any, ...]] = []
    for statement in request:
        with session.cursor(binary=statement.binary) as cursor:
            cursor.execute(statement.text, statement.parameters, prepare=statement.prepared)
            rows = cursor.fetchall()
    return rows


def replay(session: Session, requests: Sequence[Request]) -> Callable[[int], object]:
    """A task for the runner: answers the request of a number."""

    def run(number: int) -> object:
        return answer(session, requests[number])

    return run


def unprepared(request: Request) -> Request:
    """The same, parsed anew at each run: as it is behind a pooler of transactions."""
    return [replace(statement, prepared=False) for statement in request]


def captured(
    engine: Engine, read: Callable[[Connection], Sequence[Any]]
) -> tuple[Request, Sequence[Any]]:
    """What a read sends when it is called, and the rows it returns.

    It is called once before: what a connection learns for all its later reads is no part of one.
    """
    taken: list[Statement] = []

    class Recording(psycopg.Cursor[Any]):
        """Takes down what is executed, whether SQLAlchemy or db.queries asked for the cursor."""

        def execute(self, query: Any, params: Any = None, **options: Any) -> "Recording":
            taken.append(Statement(query, params, self.format == Format.BINARY))
            super().execute(query, params, **options)
            return self

    with engine.connect() as connection:
        read(connection)
        driver: Any = connection.connection.driver_connection
        usual, driver.cursor_factory = driver.cursor_factory, Recording
        try:
            rows = read(connection)
        finally:
            driver.cursor_factory = usual
    return tuple(taken), rows


@contextmanager
def driver_session(engine: Engine) -> Iterator[Session]:
    """A connection of the application's engine, with its settings, without its overhead."""
    pooled = engine.raw_connection()
    try:
        session: Session = pooled.driver_connection  # type: ignore[assignment]  # psycopg's
        session.autocommit = True
        yield session
    finally:
        # a connection in autocommit mode is of no use to the pool
        pooled.invalidate()
