"""The windows of a conversion as tasks: claimed one by one, each done in one transaction."""

import time
from collections.abc import Callable
from typing import Literal

from psycopg import sql

from db.convert.model import Job
from db.convert.session import Connection, Row

Mark = Literal["copied_at", "verified_at"]

_CLAIMED_ELSEWHERE_S = 0.2


def do_one(connection: Connection, job: Job, mark: Mark, work: Callable[[Row], int]) -> int | None:
    """`work` on one window that lacks its mark, marked and committed with it; returns its rows.

    None when no window lacks it. One claimed by a worker that was killed becomes free when its
    session ends, and is waited for.
    """
    while True:
        with connection.transaction():
            task = _claim(connection, job, mark)
            if task is not None:
                return work(task)
            if not _is_any_left(connection, job, mark):
                return None
        time.sleep(_CLAIMED_ELSEWHERE_S)


def _claim(connection: Connection, job: Job, mark: Mark) -> Row | None:
    return connection.execute(
        sql.SQL(
            """
            SELECT number,
                   range_start,
                   range_end,
                   compared_start,
                   compared_end
            FROM oi_convert.task
            WHERE conversion_id = %s
              AND {} IS NULL
            ORDER BY number
            LIMIT 1
            FOR UPDATE SKIP LOCKED
            """
        ).format(sql.Identifier(mark)),
        [job.id],
    ).fetchone()


def _is_any_left(connection: Connection, job: Job, mark: Mark) -> bool:
    row = connection.execute(
        sql.SQL(
            """
            SELECT
            FROM oi_convert.task
            WHERE conversion_id = %s
              AND {} IS NULL
            LIMIT 1
            """
        ).format(sql.Identifier(mark)),
        [job.id],
    ).fetchone()
    return row is not None
