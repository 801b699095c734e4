"""What of a snapshot lies in functions of the database: triggers, live edge, rollup log."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import URL

from benchmarks.dataset.snapshots import Instant
from benchmarks.server.databases import Session, session
from benchmarks.server.work import sessions

Writer = Callable[[Instant], None]
Way = Callable[[URL], AbstractContextManager[Writer]]

# counted by every session that begins after it
_TRACKED = "ALTER DATABASE {} SET track_functions = 'all'"
_UNTRACKED = "ALTER DATABASE {} RESET track_functions"
_FUNCTIONS = """
    SELECT
        schemaname || '.' || funcname AS function,
        calls::float8 / %(instants)s AS calls,
        self_time / %(instants)s AS self_ms,
        total_time / %(instants)s AS total_ms
    FROM pg_stat_user_functions
    WHERE schemaname IN ('live_edge', 'timescale_engine')
    ORDER BY self_time DESC
"""


def shares(url: URL, way: Way, instants: Sequence[Instant]) -> list[dict[str, Any]]:
    """Store instants in one way: by function its calls and ms an instant, the dearest first.

    `self_ms` is without the functions it calls. Each call is timed, which makes all of them slower.
    """
    first, *rest = instants
    with session(url) as watching:
        others = sessions(watching)
        watching.execute(_named(_TRACKED, url))
        try:
            with way(url) as warming:
                warming(first)
            _await_end(watching, others)
            watching.execute("SELECT pg_stat_reset()")
            with way(url) as write:
                for instant in rest:
                    write(instant)
            _await_end(watching, others)
        finally:
            watching.execute(_named(_UNTRACKED, url))
        with watching.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_FUNCTIONS, {"instants": len(rest)}).fetchall()


def _named(statement: LiteralString, url: URL) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(str(url.database)))


def _await_end(watching: Session, others: set[int]) -> None:
    # a session's counts are there when it has gone; whoever was there before stays
    while sessions(watching) - others:
        time.sleep(0.001)
