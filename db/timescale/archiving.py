"""Bringing an archive back into its table: span by span, a transaction each."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from db.timescale.errors import TimescaleError
from db.timescale.execution import Executor
from db.timescale.locks import LockPolicy, with_lock_retries
from db.timescale.sqltext import Fragment, compose, literal, named_statements
from db.timescale.statements import execute

_REPEAT_S = 2.0
# what the functions raise in words of their own
_NOT_IN_PREREQUISITE_STATE, _DATA_CORRUPTED = "55000", "XX001"
_STATES = (_NOT_IN_PREREQUISITE_STATE, _DATA_CORRUPTED)


def empty_archive(executor: Executor, table: str, target: Fragment, config: Fragment) -> None:
    """Brings every archived row back; what an interruption left is done when it runs again.

    Readers and writers go on meanwhile. Raises TimescaleError where the table changed so that rows
    cannot come back as they were.
    """
    if executor.offline:
        with executor.outside_transaction():
            executor.run(_sql("empty", target=target, config=config))
        return
    with executor.outside_transaction():
        try:
            _restore(executor, table, target, config)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _STATES:
                raise
            raise TimescaleError(str(error.orig).split("\n", 1)[0]) from error


def dissolve(target: Fragment, config: Fragment) -> Fragment:
    """Removes an empty archive and the view that read it."""
    return _sql("dissolve", target=target, config=config)


def _restore(executor: Executor, table: str, target: Fragment, config: Fragment) -> None:
    connection = executor.connection
    policy = LockPolicy.from_options(executor.options)
    since = "-infinity"
    restored = 0
    started = reported = time.monotonic()
    while True:
        statement = _sql("restore", target=target, config=config, since=literal(since))
        step = with_lock_retries(
            connection, partial(_step, connection, statement), policy, unlimited=True
        )
        if step.next_from is None:
            break
        since = step.next_from
        restored += step.restored
        now = time.monotonic()
        if now - reported > _REPEAT_S:
            reported = now
            executor.notice(
                f"{table}: {restored:,} archived rows are back, up to {since} "
                f"({restored / (now - started):,.0f} rows/s)"
            )


def _step(connection: Connection, statement: Fragment) -> Row[Any]:
    return execute(connection, statement).one()


def _sql(statement: str, /, **parts: Fragment) -> Fragment:
    return compose(_statements()[statement], **parts)


def _statements() -> Mapping[str, str]:
    return named_statements("db.timescale.sql", "restoring.sql")
