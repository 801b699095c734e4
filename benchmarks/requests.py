"""What is sent to a server to answer one question, taken down so that it can be sent again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event

from benchmarks.databases import Session
from benchmarks.plans.explain import Parameters, explain
from benchmarks.plans.node import ExplainedPlan


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL text with the parameters bound to it."""

    text: str
    parameters: Parameters


Request = Sequence[Statement]
"""The statements that answer one question, in order; the last one returns its rows."""


def answer(session: Session, request: Request) -> list[tuple[Any, ...]]:
    """Send a request as prepared statements and fetch every row; the last statement's rows."""
    rows: list[tuple[Any, ...]] = []
    with session.cursor() as cursor:
        for statement in request:
            cursor.execute(statement.text, statement.parameters, prepare=True)
            rows = cursor.fetchall()
    return rows


def replay(session: Session, requests: Sequence[Request]) -> Callable[[int], object]:
    """A task for the runner: answers the request of a number."""

    def run(number: int) -> object:
        return answer(session, requests[number])

    return run


def explained(session: Session, request: Request) -> list[ExplainedPlan]:
    """The plans of a request's statements, run once each."""
    return [explain(session, statement.text, statement.parameters) for statement in request]


def captured(
    engine: Engine, read: Callable[[Connection], Sequence[Any]]
) -> tuple[Request, Sequence[Any]]:
    """What a read sends when it is called, and the rows it returns."""
    taken: list[Statement] = []

    def take(
        connection: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool
    ) -> None:
        taken.append(Statement(text, parameters))

    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", take)
        rows = read(connection)
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
