"""Brings the mirror in step with the live table, from the log of changed keys.

For each logged key the mirror's row is replaced by what the live table holds now, or removed. Doing
it twice, late, or for a key that did not change does no harm, so nothing depends on order.
"""

import psycopg
from psycopg import sql

from db.convert import state
from db.convert.model import Job
from db.convert.pair import Pair
from db.convert.session import Connection, Row, one

BATCH_KEYS = 5_000
_HARDLY_ANY = 100


def backlog(connection: Connection, pair: Pair, limit: int | None = None) -> int:
    """How many log entries wait, counted up to `limit`."""
    query = sql.SQL("SELECT count(*) AS n FROM (SELECT FROM {} LIMIT {}) l").format(
        pair.log, sql.Literal(limit)
    )
    return int(one(connection, query)["n"])


def prepare(connection: Connection, pair: Pair) -> None:
    """The session's table of keys in work; made before any lock is held."""
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS").format(
            pair.batch, pair.log
        )
    )


def apply_all(connection: Connection, pair: Pair) -> int:
    """Apply the log, a batch a transaction, until hardly any is left; returns entries applied.

    Writers do not stop, so an empty log is nothing to wait for.
    """
    total = 0
    while True:
        with connection.transaction():
            applied = apply_batch(connection, pair)
        total += applied
        if applied < _HARDLY_ANY:
            return total


class RescanNeededError(Exception):
    """Rows without a time or a whole key changed, and finding them reads the whole table."""


def apply_batch(
    connection: Connection, pair: Pair, limit: int = BATCH_KEYS, *, may_scan: bool = True
) -> int:
    """Apply up to `limit` log entries in the caller's transaction, once; returns how many.

    Raises RescanNeededError where only a scan of the live table would do and none is allowed.
    """
    taken = _take(connection, pair, limit)
    if taken["truncates"]:
        _empty_mirror(connection, pair)
    if taken["first"] is not None:
        _replace(connection, pair, {"first": taken["first"], "last": taken["last"]})
    if taken["unplaceable"]:
        if not may_scan:
            raise RescanNeededError
        quarantine_unplaceable(connection, pair)
    return int(taken["entries"])


def _take(connection: Connection, pair: Pair, limit: int) -> Row:
    return one(
        connection,
        sql.SQL(
            """
            WITH taken AS (
                DELETE FROM {log}
                WHERE ctid = ANY (ARRAY(SELECT ctid FROM {log} LIMIT {limit}))
                RETURNING {keys}, is_truncate
            ),
            kept AS (
                INSERT INTO {batch} ({keys})
                SELECT DISTINCT {keys}
                FROM taken
                WHERE NOT is_truncate
            )
            SELECT count(*) AS entries,
                   count(*) FILTER (WHERE is_truncate) AS truncates,
                   count(*) FILTER (WHERE ({placeable}) IS NOT TRUE AND NOT is_truncate)
                       AS unplaceable,
                   min({time}) FILTER (WHERE {placeable})::TEXT AS first,
                   max({time}) FILTER (WHERE {placeable})::TEXT AS last
            FROM taken
            """
        ).format(
            log=pair.log,
            limit=sql.Literal(limit),
            keys=pair.identity_list,
            batch=pair.batch,
            time=sql.Identifier(pair.time.name),
            placeable=pair.placeable("taken"),
        ),
    )


def _replace(connection: Connection, pair: Pair, bounds: dict[str, str]) -> None:
    connection.execute(
        sql.SQL("DELETE FROM {mirror} m USING {batch} b WHERE {same} AND {near}").format(
            mirror=pair.mirror,
            batch=pair.batch,
            same=pair.same_key("m", "b"),
            near=_near(pair, "m"),
        ),
        bounds,
    )
    condition = _selected(pair)
    _forget_quarantined(connection, pair)
    try:
        with connection.transaction():
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) {}").format(
                    pair.mirror, pair.column_list, pair.best_rows(condition)
                ),
                bounds,
            )
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        place_singly(connection, pair, condition, bounds)
    quarantine_rest(connection, pair, condition, bounds)


def _near(pair: Pair, alias: str) -> sql.Composed:
    # as constants these let the planner open the chunks concerned and no other
    return sql.SQL("{time} BETWEEN %(first)s::{type} AND %(last)s::{type}").format(
        time=sql.Identifier(alias, pair.time.name), type=sql.SQL(pair.time.type)
    )


def _selected(pair: Pair) -> sql.Composed:
    return sql.SQL(
        "({keys}) IN (SELECT {batch_keys} FROM {batch} b) AND {near} AND {whole}"
    ).format(
        keys=pair.from_alias("s", pair.identity),
        batch_keys=pair.from_alias("b", pair.identity),
        batch=pair.batch,
        near=_near(pair, "s"),
        whole=pair.placeable("s"),
    )


def place_singly(
    connection: Connection, pair: Pair, condition: sql.Composed, binds: dict[str, str]
) -> int:
    """Rows one by one, the impossible ones into quarantine; returns how many were placed."""
    if not pair.is_identity_unique:
        condition = sql.SQL("{} AND {}").format(condition, pair.is_best("s"))
    cursor = psycopg.ClientCursor(connection)
    selection = cursor.mogrify(condition, binds)
    row = one(
        connection,
        "SELECT oi_convert.place_singly(%s, %s::REGCLASS, %s::REGCLASS, %s, %s, %s) AS placed",
        [
            pair.conversion_id,
            pair.source.as_string(connection),
            pair.mirror.as_string(connection),
            [column.name for column in pair.columns],
            [column.name for column in pair.identity],
            selection,
        ],
    )
    return int(row["placed"])


def quarantine_rest(
    connection: Connection, pair: Pair, condition: sql.Composed, binds: dict[str, str]
) -> None:
    """Keep the duplicates that `best_rows` leaves out, with their reason."""
    if pair.is_identity_unique:
        return
    connection.execute(
        sql.SQL(
            """
            INSERT INTO oi_convert.quarantine (conversion_id, table_name, reason, key, row)
            SELECT {id}, {table}, {reason}, d.key, d.whole
            FROM (
                SELECT jsonb_build_array({keys}) AS key,
                       to_jsonb(s) AS whole,
                       row_number() OVER (PARTITION BY {keys} ORDER BY {preference}) AS place
                FROM {source} s
                WHERE {condition}
            ) d
            WHERE d.place > 1
            """
        ).format(
            id=sql.Literal(pair.conversion_id),
            table=sql.Literal(pair.source.as_string(connection)),
            reason=sql.Literal("duplicate of the natural key"),
            keys=pair.from_alias("s", pair.identity),
            preference=pair.preferred("s"),
            source=pair.source,
            condition=condition,
        ),
        binds,
    )


def quarantine_unplaceable(connection: Connection, pair: Pair) -> None:
    """Keep the rows without a finite time or a whole key; replaces what was kept of them before."""
    reason = sql.Literal("no finite time, or a part of the natural key is missing")
    connection.execute(
        sql.SQL(
            "DELETE FROM oi_convert.quarantine WHERE conversion_id = {} AND reason = {}"
        ).format(sql.Literal(pair.conversion_id), reason)
    )
    connection.execute(
        sql.SQL(
            "INSERT INTO oi_convert.quarantine (conversion_id, table_name, reason, key, row) "
            "SELECT {}, {}, {}, jsonb_build_array({}), to_jsonb(s) FROM {} s "
            "WHERE ({}) IS NOT TRUE"
        ).format(
            sql.Literal(pair.conversion_id),
            sql.Literal(pair.source.as_string(connection)),
            reason,
            pair.from_alias("s", pair.identity),
            pair.source,
            pair.placeable("s"),
        )
    )


def log_infinite(connection: Connection, pair: Pair) -> None:
    """Enter the rows whose time is in no window, so that a mirror that takes them gets them."""
    if not pair.takes_any_time:
        return
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} s WHERE NOT {}").format(
            pair.log,
            pair.identity_list,
            pair.from_alias("s", pair.identity),
            pair.source,
            pair.is_finite("s"),
        )
    )


def bring_back(connection: Connection, job: Job) -> None:
    """Into a table that is plain again: rows that no hypertable could hold, as far as it can."""
    row = one(
        connection,
        "SELECT oi_convert.bring_back(%s, %s) AS rows",
        [job.table_schema, job.table_name],
    )
    if row["rows"]:
        state.note(connection, job.id, "brought back", rows=row["rows"])


def _forget_quarantined(connection: Connection, pair: Pair) -> None:
    connection.execute(
        sql.SQL(
            "DELETE FROM oi_convert.quarantine q USING {} b "
            "WHERE q.conversion_id = {} AND q.key = jsonb_build_array({})"
        ).format(pair.batch, sql.Literal(pair.conversion_id), pair.from_alias("b", pair.identity))
    )


def _empty_mirror(connection: Connection, pair: Pair) -> None:
    """After a TRUNCATE of the live table: begin again with what it holds now."""
    connection.execute(sql.SQL("TRUNCATE {}").format(pair.mirror))
    connection.execute(
        "DELETE FROM oi_convert.quarantine WHERE conversion_id = %s", [pair.conversion_id]
    )
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} s").format(
            pair.log, pair.identity_list, pair.from_alias("s", pair.identity), pair.source
        )
    )
