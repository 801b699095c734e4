"""Carries out what a finding proposes, one statement at a time, without queueing anyone up."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Engine, text

from db.advice.findings import Finding
from db.timescale.locks import LockPolicy, with_lock_retries
from db.timescale.sqltext import Fragment


def apply(engine: Engine, findings: Iterable[Finding]) -> Iterator[Fragment]:
    """Runs each statement and yields it when it is done.

    Raises db.timescale.errors.LockNotAvailableError when a lock cannot be had in time; what was
    yielded before stays done.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for finding in findings:
            for statement in finding.statements:
                _run(connection, statement)
                yield statement


def _run(connection: Connection, statement: Fragment) -> None:
    def attempt() -> None:
        connection.exec_driver_sql(statement)

    if statement.startswith("REINDEX"):
        # it waits for transactions in progress without keeping anyone out: no lock_timeout
        connection.execute(text("SET statement_timeout = 0"))
        attempt()
        return
    with_lock_retries(connection, attempt, LockPolicy(), unlimited=True)
