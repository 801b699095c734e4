"""Ways to store a snapshot: the old program's two statements of it, COPY, and our collector's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from sqlalchemy import URL

from benchmarks.dataset.load import LEGACY_COLUMNS
from benchmarks.dataset.snapshots import Instant
from benchmarks.parts.shares import Way, Writer
from benchmarks.server.databases import Session, session
from benchmarks.workloads import WORKLOADS
from db.market.clock import to_naive_ist
from db.market.ticks import EnrichedSnapshot

_KEY = ("timestamp", "exchange", "strike", "option_type")
_LOOKUP = WORKLOADS["legacy_save_lookup"].before


@contextmanager
def looked_up(url: URL) -> Iterator[Writer]:
    """What the old program asks before each save: the newest snapshot, so as to skip what is old.

    It stores nothing, and so is asked as often as an instant has exchanges.
    """
    with unprepared(url) as asking:

        def ask(instant: Instant) -> None:
            for snapshot in instant:
                asking.execute(_LOOKUP, {"exchange": snapshot.exchange}).fetchall()

        yield ask


@contextmanager
def row_by_row(url: URL) -> Iterator[Writer]:
    """As the old program does: one upsert a contract, one commit an exchange."""
    with unprepared(url) as writing:
        statement = _upsert("VALUES ({})")

        def write(instant: Instant) -> None:
            for snapshot in instant:
                with writing.transaction(), writing.cursor() as cursor:
                    for row in _rows(snapshot):
                        cursor.execute(statement, row)

        yield write


@contextmanager
def copied(url: URL) -> Iterator[Writer]:
    """COPY into a temporary table and one upsert, one commit an exchange."""
    with session(url) as writing:
        names = sql.SQL(", ").join(map(sql.Identifier, LEGACY_COLUMNS))
        writing.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE staged ON COMMIT DELETE ROWS AS "
                "SELECT {} FROM option_chain_snapshots WITH NO DATA"
            ).format(names)
        )
        copy_into = sql.SQL("COPY staged ({}) FROM STDIN").format(names)
        upsert = _upsert("SELECT {} FROM staged")

        def write(instant: Instant) -> None:
            for snapshot in instant:
                with writing.transaction(), writing.cursor() as cursor:
                    with cursor.copy(copy_into) as copy:
                        for row in _rows(snapshot):
                            copy.write_row(row)
                    cursor.execute(upsert)

        yield write


@contextmanager
def collector(url: URL) -> Iterator[Writer]:
    """As the collector does: chain, features, metadata and live edge in one commit."""
    from db.engine import engine_for
    from db.ingest import write_snapshot

    engine = engine_for(url)

    def write(instant: Instant) -> None:
        for snapshot in instant:
            with engine.begin() as connection:
                write_snapshot(connection, snapshot)

    yield write
    engine.dispose()


OURS = "write_snapshot"
WAYS: Mapping[str, Way] = {
    "lookup before a save": looked_up,
    "a statement a row": row_by_row,
    "COPY and one upsert": copied,
}
"""By name what other programs do, on whatever tables there are."""


@contextmanager
def unprepared(url: URL) -> Iterator[Session]:
    """A session as the old program's driver has it, which prepares nothing."""
    with session(url) as made:
        made.prepare_threshold = None
        yield made


def _upsert(source: str) -> sql.Composed:
    """The legacy program's upsert from either source of rows."""
    names = sql.SQL(", ").join(map(sql.Identifier, LEGACY_COLUMNS))
    given = sql.SQL(", ").join([sql.Placeholder()] * len(LEGACY_COLUMNS))
    replaced = sql.SQL(", ").join(
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name))
        for name in LEGACY_COLUMNS
        if name not in _KEY
    )
    rows = sql.SQL(source).format(given if source.startswith("VALUES") else names)
    return sql.SQL(
        "INSERT INTO option_chain_snapshots ({}) {} "
        "ON CONFLICT (timestamp, exchange, strike, option_type) DO UPDATE SET {}"
    ).format(names, rows, replaced)


def _rows(snapshot: EnrichedSnapshot) -> Iterator[list[Any]]:
    known = {"timestamp": to_naive_ist(snapshot.timestamp), "exchange": snapshot.exchange}
    contracts = len(snapshot.options)
    columns = [
        [known[name]] * contracts if name in known else _values(snapshot, name)
        for name in LEGACY_COLUMNS
    ]
    return (list(row) for row in zip(*columns, strict=True))


def _values(snapshot: EnrichedSnapshot, name: str) -> list[Any]:
    """A column as a driver takes it, None for unknown."""
    listed = getattr(snapshot.options, name).tolist()
    return [
        value.decode() if isinstance(value, bytes) else None if value != value else value
        for value in listed
    ]
