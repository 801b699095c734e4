"""Chunks made ahead of time, so that no writer of the new hypertable waits for one."""

from datetime import date, datetime, timedelta

from psycopg import sql

from db.clock import market_now
from db.convert import facts
from db.convert.model import Job
from db.convert.session import Connection, Row


def create_coming(connection: Connection, job: Job) -> None:
    """Make the chunks of now and of the next interval, each in a transaction of its own.

    There is no function for it in the Apache edition: a row makes the chunk it belongs to, and is
    taken back in the same transaction.
    """
    interval_us = job.blueprint.chunk_interval_us
    newest = _newest(connection, job)
    if interval_us is None or newest is None:
        return
    step = timedelta(microseconds=interval_us)
    now = _now_like(newest)
    for moment in sorted({now, now + step, newest + step}):
        _create(connection, job, moment)


def _newest(connection: Connection, job: Job) -> date | None:
    # in this form only the youngest chunk is read, whatever indexes there are
    row = connection.execute(
        sql.SQL("SELECT {time} AS newest FROM {shadow} ORDER BY {time} DESC LIMIT 1").format(
            time=sql.Identifier(job.blueprint.time_column), shadow=job.shadow
        )
    ).fetchone()
    newest: date | None = row["newest"] if row else None
    return newest


def _now_like(newest: date) -> date:
    """The present moment in the type of the time column; naive times are market time."""
    now = market_now()
    if not isinstance(newest, datetime):
        return now.date()
    return now if newest.tzinfo else now.replace(tzinfo=None)


def _create(connection: Connection, job: Job, moment: date) -> None:
    table = facts.named(connection, job.shadow.as_string(connection))
    columns = [column.name for column in table.columns if not column.is_generated]
    time = job.blueprint.time_column
    values = sql.SQL(", ").join(
        sql.Placeholder("moment") if name == time else sql.Identifier("s", name) for name in columns
    )
    statement = sql.SQL(
        "INSERT INTO {shadow} ({columns}) SELECT {values} "
        "FROM (SELECT * FROM {shadow} ORDER BY {time} DESC LIMIT 1) s "
        "ON CONFLICT DO NOTHING RETURNING tableoid::REGCLASS::TEXT AS chunk, ctid::TEXT AS place"
    ).format(
        shadow=job.shadow,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=values,
        time=sql.Identifier(time),
    )
    with connection.transaction():
        made = connection.execute(statement, {"moment": moment}).fetchone()
        if made:
            _take_back(connection, made)


def _take_back(connection: Connection, made: Row) -> None:
    # regclass text is quoted by PostgreSQL itself
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE ctid = %s::TID").format(sql.SQL(made["chunk"])),
        [made["place"]],
    )
