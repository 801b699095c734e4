"""What a conversion would do, with what time and disk it takes; nothing is changed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import URL

from db import syncing, writeback
from db.convert import blueprint, facts, obstacles, space
from db.convert.errors import BlockedError
from db.convert.facts import TableFacts
from db.convert.model import DEFAULT_NICE, Blueprint, RunOptions
from db.convert.pair import checksum
from db.convert.session import Connection, catalog, connect, fetching, one, require_extension
from db.timescale.converter import Conversion

_SAMPLE_ROWS = 50_000
_MAY_SAMPLE = """
    SELECT has_database_privilege(current_database(), 'TEMPORARY')
           AND NOT pg_is_in_recovery() AS may
"""
# rows leave the old table by one COPY and enter the new one by another, and both are compared
_SIDES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What lies ahead for one table.

    `rows` is the planner's estimate; `disk_bytes` what the new table needs beside the old one,
    `free_bytes` what is free there, None where that is not known from here;
    `sample_rows_per_s` is how fast a sample was copied, compared and indexed by one worker,
    without rests; `estimated_s` follows from it, with them.
    """

    table: str
    rows: int
    table_bytes: int
    index_bytes: int
    disk_bytes: int
    free_bytes: int | None
    oldest: str | None
    newest: str | None
    chunk_interval_s: float
    keys: tuple[str, ...]
    leaves: tuple[str, ...]
    sample_rows_per_s: float | None
    estimated_s: float | None
    duplicates: int | None
    without_time: int
    obstacles: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def table_name(self) -> str | None:
        """The name alone of a table of the schema public."""
        return self.table.removeprefix("public.") if self.table.startswith("public.") else None


def plan(url: URL, conversion: Conversion) -> Plan:
    """What `run` would do with a table; raises BlockedError for one that is not there."""
    with connect(url) as connection:
        require_extension(connection)
        table = facts.named(connection, conversion.spec.table)
        if table.is_hypertable:
            raise BlockedError(f"{table.name} is a hypertable already; there is nothing to do.")
        found = obstacles.obstacles(connection, table)
        drawn = blueprint.draw(table, conversion, "to_hypertable", RunOptions())
        return _plan(connection, table, conversion, drawn, found)


def _plan(
    connection: Connection,
    table: TableFacts,
    conversion: Conversion,
    drawn: Blueprint,
    found: list[str],
) -> Plan:
    sizes = catalog(connection, "sizes", oid=table.oid)[0]
    extent = _extent(connection, table, drawn)
    rate = _sample(connection, table, drawn)
    keys = tuple(index.name for index in drawn.indexes)
    per_index = sizes["index_bytes"] / max(len(table.indexes), 1)
    needed = int(sizes["table_bytes"] + per_index * len(keys))
    free = space.free_bytes(connection)
    short = space.shortage(needed, free)
    return Plan(
        table=f"{table.schema}.{table.name}",
        rows=table.estimated_rows,
        table_bytes=sizes["table_bytes"],
        index_bytes=sizes["index_bytes"],
        disk_bytes=needed,
        free_bytes=free,
        oldest=extent["oldest"],
        newest=extent["newest"],
        chunk_interval_s=conversion.spec.chunk_interval.total_seconds(),
        keys=keys,
        leaves=(*conversion.drop_constraints, *conversion.drop_indexes),
        sample_rows_per_s=rate,
        estimated_s=table.estimated_rows / rate * (1 + DEFAULT_NICE) if rate else None,
        duplicates=None if drawn.is_identity_unique else _duplicates(connection, table, drawn),
        without_time=_without_time(connection, table, drawn),
        obstacles=(*found, *([short] if short else [])),
        remarks=(*obstacles.remarks(connection, table), *_system(connection)),
    )


def _system(connection: Connection) -> Iterator[str]:
    fetch = fetching(connection)
    said = writeback.advice(writeback.settings(fetch))
    if said and syncing.file_systems(fetch):
        yield (
            "From here, the server's own machine, what is written is synced as it comes, so that "
            "its system does not gather it: run the conversion here too."
        )
    elif said:
        yield f"{said[0].upper()}{said[1:]}."


def _extent(connection: Connection, table: TableFacts, drawn: Blueprint) -> dict[str, str | None]:
    time_column = sql.Identifier(drawn.time_column)
    return one(
        connection,
        sql.SQL(
            "SELECT min({time})::TEXT AS oldest, max({time})::TEXT AS newest FROM {table}"
        ).format(time=time_column, table=table.identifier),
    )


def _sample(connection: Connection, table: TableFacts, drawn: Blueprint) -> float | None:
    """Rows per second of all that is done to a row, measured on a temporary copy of some.

    None for an empty table, for a role that may make no temporary one, and on a standby.
    """
    if not one(connection, _MAY_SAMPLE)["may"]:
        return None
    statements = (
        (
            _SIDES,
            sql.SQL("INSERT INTO sample SELECT * FROM {} LIMIT {}").format(
                table.identifier, sql.Literal(_SAMPLE_ROWS)
            ),
        ),
        (_SIDES, sql.SQL("SELECT {} FROM sample s").format(checksum("s", table.columns))),
        (
            len(drawn.indexes),
            sql.SQL("CREATE INDEX ON sample ({})").format(
                sql.SQL(", ").join(map(sql.Identifier, drawn.identity))
            ),
        ),
    )
    with connection.transaction(force_rollback=True):
        connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE sample (LIKE {}) ON COMMIT DROP").format(
                table.identifier
            )
        )
        elapsed_s = sum(times * _timed_s(connection, query) for times, query in statements)
        rows = one(connection, "SELECT count(*) AS n FROM sample")["n"]
    return rows / elapsed_s if rows else None


def _timed_s(connection: Connection, query: sql.Composed) -> float:
    began = time.perf_counter()
    connection.execute(query)
    return time.perf_counter() - began


def _duplicates(connection: Connection, table: TableFacts, drawn: Blueprint) -> int:
    """How many rows share their natural key with a preferred one."""
    keys = sql.SQL(", ").join(map(sql.Identifier, drawn.identity))
    row = one(
        connection,
        sql.SQL(
            "SELECT coalesce(sum(n - 1), 0)::BIGINT AS n "
            "FROM (SELECT count(*) AS n FROM {} GROUP BY {} HAVING count(*) > 1) d"
        ).format(table.identifier, keys),
    )
    return int(row["n"])


def _without_time(connection: Connection, table: TableFacts, drawn: Blueprint) -> int:
    if table.column(drawn.time_column).is_required:
        return 0
    row = one(
        connection,
        sql.SQL("SELECT count(*) AS n FROM {} WHERE isfinite({}) IS NOT TRUE").format(
            table.identifier, sql.Identifier(drawn.time_column)
        ),
    )
    return int(row["n"])
