"""Chunks made ahead of time: no writer of the new hypertable waits for one, and a window has its.

There is no function that makes a chunk in the Apache edition: a row makes the chunk it belongs to,
and is taken back in the same transaction.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from db.convert import facts
from db.convert.model import Job
from db.convert.pair import Pair
from db.convert.session import Connection, catalog, one, with_lock
from db.market.clock import market_now

# rows of a later time are no market's; what comes after them is not waited for
_FAR = timedelta(days=366)
_MADE = sql.SQL("tableoid::REGCLASS::TEXT AS chunk, ctid::TEXT AS place")


def create_coming(connection: Connection, job: Job) -> None:
    """Make the chunks of now and of the next interval, each in a transaction of its own."""
    interval_us = job.blueprint.chunk_interval_us
    newest = _newest(connection, job)
    if interval_us is None or newest is None:
        return
    step = timedelta(microseconds=interval_us)
    now = _now_like(newest)
    coming = {now, now + step}
    if newest - now < _FAR:
        coming.add(newest + step)
    for moment in sorted(coming):
        _create(connection, job, moment)


def of_window(
    connection: Connection,
    job: Job,
    pair: Pair,
    condition: sql.Composable,
    bounds: Mapping[str, str],
) -> sql.Composable | None:
    """The chunk of the new table that is one window's and no other's, made where it is missing.

    `condition` selects the window's rows of the live table, alias s. None where chunks and windows
    are not the same, where there is no row, or where the table refuses the one that was tried.
    """
    if job.blueprint.chunk_interval_us is None or job.blueprint.space:
        return None
    statement = sql.SQL(
        "INSERT INTO {mirror} ({columns}) SELECT {values} FROM {source} s "
        "WHERE {condition} LIMIT 1 RETURNING {made}"
    ).format(
        mirror=pair.mirror,
        columns=pair.column_list,
        values=pair.from_alias("s", pair.columns),
        source=pair.source,
        condition=condition,
        made=_MADE,
    )
    try:
        chunk = _made_by(connection, statement, bounds)
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        return None
    if chunk is None:
        return None
    found = catalog(connection, "is_chunk_of_range", chunk=chunk, **bounds)
    # regclass text is quoted by PostgreSQL itself
    return sql.SQL(chunk) if found[0]["is_whole"] else None


def _newest(connection: Connection, job: Job) -> date | None:
    """The newest instant of the new table, looked for from the newest window on."""
    last = one(
        connection,
        "SELECT max(compared_start::TIMESTAMP)::TEXT AS start FROM oi_convert.task "
        "WHERE conversion_id = %s",
        [job.id],
    )
    # a constant at plan time: other chunks are not opened
    query = sql.SQL("SELECT max({time}) AS newest FROM {shadow} WHERE {time} >= {start}::{type}")
    row = one(
        connection,
        query.format(
            time=sql.Identifier(job.blueprint.time_column),
            shadow=job.shadow,
            start=sql.Literal(last["start"]),
            type=sql.SQL(job.blueprint.time_type),
        ),
    )
    newest: date | None = row["newest"]
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
        "FROM (SELECT * FROM {shadow} LIMIT 1) s "
        "ON CONFLICT DO NOTHING RETURNING {made}"
    ).format(
        shadow=job.shadow,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=values,
        made=_MADE,
    )
    _made_by(connection, statement, {"moment": moment})


def _made_by(
    connection: Connection, statement: sql.Composed, binds: Mapping[str, object]
) -> LiteralString | None:
    """The chunk that a row went to, which is taken back; None where there was no row."""

    def attempt() -> LiteralString | None:
        made = connection.execute(statement, binds).fetchone()
        if made is None:
            return None
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE ctid = %s::TID").format(sql.SQL(made["chunk"])),
            [made["place"]],
        )
        return cast("LiteralString", made["chunk"])

    # a chunk has the foreign keys of its table, and making them locks what they refer to
    return with_lock(connection, attempt)
