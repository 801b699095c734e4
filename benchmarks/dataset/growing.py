"""Older history made of newer: the loaded days repeated backwards in time, inside the server.

What lies further back than what was loaded is put where the collector, the rollups and the archive
policy would have left it: rows of the chain into the archive, a row an instant into `snapshots`,
buckets into the storage of each rollup. Nothing newer is touched, so that the reads of the newest
days meet the same rows among more history.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from psycopg import sql
from sqlalchemy import URL

from benchmarks.dataset.filled import archive_to_columnstore
from benchmarks.dataset.spec import sessions_until
from benchmarks.server.databases import Session, session

_ARCHIVE = ("archive", "option_chain_snapshots")
_DAY = timedelta(days=1)
# copies are complete in themselves: triggers would ask for work that is done, commits would wait
_OPTIONS = (
    "-c session_replication_role=replica -c synchronous_commit=off "
    "-c plan_cache_mode=force_custom_plan"
)
_ROLLUPS = """
    SELECT relation.relname AS view,
           coalesce(c.materialization_hypertable_schema, 'timescale_engine') AS schema,
           coalesce(c.materialization_hypertable_name, relation.relname) AS name
    FROM timescale_engine.rollup AS r
    JOIN pg_class AS relation ON relation.oid = r.relation
    LEFT JOIN timescaledb_information.continuous_aggregates AS c
        ON c.view_name = relation.relname
    ORDER BY r.id
"""
_COLUMNS = """
    SELECT attname
    FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum
"""


@dataclass(frozen=True, slots=True)
class _Copied:
    """Where rows are read, where they go, and the column of their time."""

    source: sql.Identifier
    target: sql.Identifier
    time_column: str


def grow(url: URL, end: date, held: int, days: int, advance: Callable[[], None]) -> int:
    """Lengthen a history of `held` trading days up to `end` to `days`, a transaction a day.

    Returns how many rows of the chain were added: an older day has as many as the one it repeats.
    """
    added = 0
    with session(url, options=_OPTIONS) as growing:
        statements = [_copying(growing, copied) for copied in _relations(growing)]
        for source, target in _repeated(end, held, days):
            given = {
                "start": datetime.combine(source, clock_time.min),
                "end": datetime.combine(source, clock_time.min) + _DAY,
                "shift": source - target,
            }
            with growing.transaction():
                copied = [growing.execute(one, given).rowcount for one in statements]
            added += copied[0]
            advance()
    _settle(url)
    return added


def _repeated(end: date, held: int, days: int) -> Iterator[tuple[date, date]]:
    """For each day to add the one to repeat."""
    newest_first = sessions_until(end, days)[::-1]
    for back in range(held, days):
        yield newest_first[back % held], newest_first[back]


def _relations(growing: Session) -> Sequence[_Copied]:
    history = sql.Identifier("option_chain_snapshots_history")
    series = [sql.Identifier(name) for name in ("snapshots", "ml_features")]
    # a rollup is read by its view, which knows the newest buckets too, and stored below it
    rollups = growing.execute(_ROLLUPS).fetchall()
    return [
        _Copied(history, sql.Identifier(*_ARCHIVE), "timestamp"),
        *(_Copied(relation, relation, "timestamp") for relation in series),
        *(
            _Copied(sql.Identifier(view), sql.Identifier(*storage), "bucket")
            for view, *storage in rollups
        ),
    ]


def _copying(growing: Session, copied: _Copied) -> sql.Composed:
    found = growing.execute(_COLUMNS, [copied.target.as_string()]).fetchall()
    names = [name for (name,) in found]
    return sql.SQL(
        "INSERT INTO {} ({}) SELECT {} FROM {} WHERE {time} >= %(start)s AND {time} < %(end)s"
    ).format(
        copied.target,
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(_shifted(name, copied.time_column) for name in names),
        copied.source,
        time=sql.Identifier(copied.time_column),
    )


def _shifted(name: str, time_column: str) -> sql.Composable:
    column = sql.Identifier(name)
    if name == time_column:
        return sql.SQL("{} - %(shift)s").format(column)
    if name == "expiry":
        return sql.SQL("CAST({} - %(shift)s AS DATE)").format(column)
    return column


def _settle(url: URL) -> None:
    """Statistics for all, and the archive's closed chunks as its policy would leave them."""
    with session(url) as settling:
        archive_to_columnstore(settling)
        settling.execute("ANALYZE")
        settling.execute("CHECKPOINT")
