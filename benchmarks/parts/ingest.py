"""Ways to store a snapshot: what each costs, and when a rollup shows it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from psycopg import sql
from sqlalchemy import URL, Connection, Engine, text

from benchmarks.dataset.days import chain_of
from benchmarks.dataset.filled import described, legacy_database, migrated_copy
from benchmarks.dataset.load import LEGACY_COLUMNS
from benchmarks.dataset.snapshots import Instant, live_snapshots
from benchmarks.dataset.spec import DatasetSpec, next_session
from benchmarks.parts.full_width import full_width
from benchmarks.parts.shares import Way, Writer, shares
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.server.placing import on_one_core, processes_beside
from benchmarks.server.rollups import refresh_around, rollup_names
from benchmarks.server.work import cpu_ms
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import summarize
from db.market.clock import to_naive_ist
from db.market.exchanges import EXCHANGES
from db.market.ticks import EnrichedSnapshot

_PATIENCE_NS = 60_000_000_000
_KEY = ("timestamp", "exchange", "strike", "option_type")
_ROLLUP_SHOWS = """
    SELECT 1
    FROM oi_1m
    WHERE exchange = :exchange AND bucket = date_trunc('minute', CAST(:at AS TIMESTAMP))
"""


def ingest_on(
    server: BenchmarkServer, spec: DatasetSpec, result: Result, *, snapshots: int
) -> None:
    """Store the same snapshots in every way; fills `result` as `ingest --help` says."""
    with (
        legacy_database(server, spec) as (legacy, loaded),
        migrated_copy(server, legacy, spec) as migrated,
        session(migrated) as facts,
        steps("ingesting", 5) as advance,
    ):
        result.servers.append(asdict(server_facts(facts)))
        result.data |= {"dataset": described(spec, loaded), "snapshots": snapshots}
        # every way stores the first ones; the rollup is watched over rows newer than all of them,
        # because rows behind its watermark are late rows, which wait for the next refresh
        made = list(live_snapshots(spec, 2 * snapshots))
        instants, newer = made[:snapshots], made[snapshots:]
        result.data["rows_per_snapshot"] = sum(len(s.options) for s in instants[0])
        ways = result.data["ways"] = {}
        for name, url, writer in _ways(legacy, migrated):
            with session(url) as watching, writer(url) as write:
                ways[name] = _timed(write, instants, watching)
            _forget(url, instants)
            if url is migrated:
                result.data.setdefault("functions", {})[name] = shares(url, writer, instants)
                _forget(url, instants)
            advance(name)
        result.data |= _visible(migrated, newer)
        result.data["full_width"] = full_width(migrated, spec, after=2 * snapshots)
        result.data["sustained"] = _sustained(migrated, spec)


def _ways(legacy: URL, migrated: URL) -> Sequence[tuple[str, URL, Way]]:
    return (
        ("a statement a row, legacy tables", legacy, _row_by_row),
        ("COPY and one upsert, legacy tables", legacy, _copied),
        ("a statement a row, migrated", migrated, _row_by_row),
        ("COPY and one upsert, migrated", migrated, _copied),
        ("write_snapshot, migrated", migrated, _collector),
    )


def _timed(write: Writer, instants: Sequence[Instant], watching: Session) -> Mapping[str, Any]:
    times: list[float] = []
    works: list[float] = []
    for some in (instants[:1], instants[1:]):
        # whoever writes has its session by the first one
        with on_one_core(processes_beside(watching) if times else ()):
            for instant in some:
                _write_timed(write, instant, watching, times, works)
    rows = sum(len(snapshot.options) for instant in instants for snapshot in instant)
    return asdict(summarize([times])) | {
        "rows_per_s": round(rows / (sum(times) / 1000)),
        "cpu_ms": median(works) if works else None,
    }


def _write_timed(
    write: Writer, instant: Instant, watching: Session, times: list[float], works: list[float]
) -> None:
    worked_ms = cpu_ms(watching)
    started = time.perf_counter_ns()
    write(instant)
    times.append((time.perf_counter_ns() - started) / 1e6)
    until_ms = cpu_ms(watching)
    if worked_ms is not None and until_ms is not None:
        works.append(until_ms - worked_ms)


@contextmanager
def _row_by_row(url: URL) -> Iterator[Writer]:
    """As the legacy program does: one upsert a contract, one commit an exchange."""
    with session(url) as writing:
        statement = _upsert("VALUES ({})")

        def write(instant: Instant) -> None:
            for snapshot in instant:
                with writing.transaction(), writing.cursor() as cursor:
                    for row in _rows(snapshot):
                        cursor.execute(statement, row)

        yield write


@contextmanager
def _copied(url: URL) -> Iterator[Writer]:
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
def _collector(url: URL) -> Iterator[Writer]:
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


def _forget(url: URL, instants: Sequence[Instant]) -> None:
    """Take the snapshots out again, so that every way meets the same tables."""
    first = to_naive_ist(instants[0][0].timestamp)
    with session(url) as forgetting:
        for table in ("option_chain_snapshots", "ml_features"):
            forgetting.execute(
                sql.SQL("DELETE FROM {} WHERE timestamp >= %s").format(sql.Identifier(table)),
                [first],
            )
            forgetting.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))


def _visible(url: URL, instants: Sequence[Instant]) -> dict[str, Any]:
    """How long after a commit a rollup's reader sees it, and what a refresh then takes."""
    from db.engine import engine_for

    engine = engine_for(url)
    names = rollup_names(engine)
    lags, refreshes = [], []
    with _collector(url) as write, engine.connect() as opened:
        refreshing = opened.execution_options(isolation_level="AUTOCOMMIT")
        for instant in instants:
            write(instant)
            lags.append(_lag_ms(engine, instant[-1]))
            refreshes.append(_refresh_ms(refreshing, names, instant[-1]))
    engine.dispose()
    return {"visible_ms": asdict(summarize([lags])), "refresh_ms": asdict(summarize([refreshes]))}


def _sustained(url: URL, spec: DatasetSpec) -> dict[str, Any]:
    """A whole day of all exchanges, one transaction an exchange, on one connection.

    Live edge, pointers to history and rollups are kept, and are in the time.
    """
    from db.engine import engine_for
    from db.ingest import load_history

    # the snapshots of the ways are of the day after the history
    day = next_session(next_session(spec.trading_days[-1]))
    chains = [chain_of(spec, exchange, day) for exchange in EXCHANGES]
    engine = engine_for(url)
    names = rollup_names(engine)
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time())
    started = time.perf_counter()
    for chain in chains:
        with engine.begin() as connection:
            load_history(connection, chain)
    loaded = time.perf_counter()
    with engine.connect() as opened:
        refreshing = opened.execution_options(isolation_level="AUTOCOMMIT")
        refresh_around(refreshing, names, midnight)
    ended = time.perf_counter()
    engine.dispose()
    rows = sum(len(chain) for chain in chains)
    return {
        "rows": rows,
        "rows_per_s": round(rows / (ended - started)),
        "load_s": loaded - started,
        "rollups_s": ended - loaded,
    }


def _lag_ms(engine: Engine, snapshot: EnrichedSnapshot) -> float:
    started = time.perf_counter_ns()
    wanted = {"exchange": snapshot.exchange, "at": to_naive_ist(snapshot.timestamp)}
    with engine.connect() as connection:
        while connection.execute(text(_ROLLUP_SHOWS), wanted).first() is None:
            connection.rollback()
            time.sleep(0.001)
    return (time.perf_counter_ns() - started) / 1e6


def _refresh_ms(refreshing: Connection, names: list[str], snapshot: EnrichedSnapshot) -> float:
    started = time.perf_counter_ns()
    refresh_around(refreshing, names, to_naive_ist(snapshot.timestamp))
    return (time.perf_counter_ns() - started) / 1e6
