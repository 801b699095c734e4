"""Ways to store a snapshot: what each costs, and when a rollup shows it."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from psycopg import sql
from sqlalchemy import URL, Connection, Engine, text

from benchmarks.dataset.days import chain_of
from benchmarks.dataset.filled import bare_copy, described, legacy_database, migrated_copy
from benchmarks.dataset.snapshots import Instant, live_snapshots
from benchmarks.dataset.spec import DatasetSpec, next_session
from benchmarks.parts.full_width import full_width
from benchmarks.parts.shares import Way, Writer, shares
from benchmarks.parts.writers import OURS, WAYS, collector
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
        bare_copy(server, legacy) as bare,
        migrated_copy(server, legacy, spec) as migrated,
        session(migrated) as facts,
        steps("ingesting", len(WAYS) + 1) as advance,
    ):
        result.servers.append(asdict(server_facts(facts)))
        result.data |= {"dataset": described(spec, loaded), "snapshots": snapshots}
        # every way stores the first ones; the rollup is watched over rows newer than all of them,
        # because rows behind its watermark are late rows, which wait for the next refresh
        made = list(live_snapshots(spec, 2 * snapshots))
        instants, newer = made[:snapshots], made[snapshots:]
        result.data["rows_per_snapshot"] = sum(len(s.options) for s in instants[0])
        ways = result.data["ways"] = {}
        functions = result.data["functions"] = {}
        tables = {"legacy tables": legacy, "bare hypertable": bare, "migrated": migrated}
        for name, way in WAYS.items():
            ways |= in_turn(name, way, tables, instants)
            functions |= _shares(name, way, migrated, instants)
            advance(name)
        ways |= in_turn(OURS, collector, {"migrated": migrated}, instants)
        functions |= _shares(OURS, collector, migrated, instants)
        advance(OURS)
        result.data |= _visible(migrated, newer)
        result.data["full_width"] = full_width(migrated, spec, after=2 * snapshots)
        result.data["sustained"] = _sustained(migrated, spec)


@dataclass(slots=True)
class _Side:
    """One kind of tables, written to in one way: its times, and what the server worked for it."""

    write: Writer
    watching: Session
    times: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)

    def store(self, instant: Instant) -> None:
        worked_ms = cpu_ms(self.watching)
        started = time.perf_counter_ns()
        self.write(instant)
        self.times.append((time.perf_counter_ns() - started) / 1e6)
        until_ms = cpu_ms(self.watching)
        if worked_ms is not None and until_ms is not None:
            self.works.append(until_ms - worked_ms)

    def summary(self, instants: Sequence[Instant]) -> dict[str, Any]:
        first_ms, *times = self.times
        rows = sum(len(snapshot.options) for instant in instants[1:] for snapshot in instant)
        return asdict(summarize([times])) | {
            "first_ms": first_ms,
            "rows_per_s": round(rows / (sum(times) / 1000)),
            "cpu_ms": median(self.works[1:]) if self.works else None,
        }


def in_turn(
    name: str, way: Way, tables: Mapping[str, URL], instants: Sequence[Instant]
) -> dict[str, Any]:
    """Each instant in each kind of tables before the next one; all are emptied of them again."""
    with ExitStack() as opened:
        sides = {
            label: _Side(opened.enter_context(way(url)), opened.enter_context(session(url)))
            for label, url in tables.items()
        }
        for side in sides.values():
            # it opens the day's chunk, and whoever writes has its session from then on
            side.store(instants[0])
        writers = [each for side in sides.values() for each in processes_beside(side.watching)]
        with on_one_core(writers):
            for instant in instants[1:]:
                for side in sides.values():
                    side.store(instant)
    for url in tables.values():
        _forget(url, instants)
    return {f"{name}, {label}": side.summary(instants) for label, side in sides.items()}


def _shares(name: str, way: Way, url: URL, instants: Sequence[Instant]) -> dict[str, Any]:
    """What lies in functions of the database, by the way; nothing where it calls none."""
    found = shares(url, way, instants)
    _forget(url, instants)
    return {f"{name}, migrated": found} if found else {}


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
    with collector(url) as write, engine.connect() as opened:
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
