"""Fills the live edge from history that was there before its triggers were."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alembic.operations import Operations

from db.timescale.execution import Executor
from db.timescale.progress import progress
from db.timescale.sqltext import Fragment, compose, dollar_quoted, literal, named_statements, raw

_DAY = timedelta(days=1)


def fill_live_edge(operations: Operations) -> None:
    """Fill `snapshots` day by day, each in a transaction of its own, then show the newest chain.

    May be killed at any point and run again. A script written offline is for an empty database,
    and has nothing to fill.
    """
    executor = Executor.of(operations)
    if executor.offline:
        return
    # first of all this commits: writers wait until the triggers are
    with executor.outside_transaction(), progress("live edge: reading history"):
        for exchange, first, last in map(tuple, executor.read(raw(_sql("extents")))):
            for start in _days(first, last):
                executor.run(_window(exchange, start), unlimited=True)
            executor.run(_newest(exchange), label=exchange, unlimited=True)


def _window(exchange: str, start: datetime) -> Fragment:
    return compose(
        _sql("window"),
        exchange=literal(exchange),
        first=literal(start),
        last=literal(start + _DAY - timedelta(microseconds=1)),
    )


def _newest(exchange: str) -> Fragment:
    body = compose(_sql("newest_body"), exchange=literal(exchange))
    return compose(_sql("newest"), body=dollar_quoted(body))


def _days(first: datetime, last: datetime) -> Iterator[datetime]:
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= last:
        yield day
        day += _DAY


def _sql(name: str) -> str:
    return named_statements("db.ingest", "fill.sql")[name]
