"""Databases with a history in them: at the baseline revision, and migrated."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from sqlalchemy import URL

from benchmarks.dataset.load import Load, load
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.rollups import refresh_around, rollup_names
from benchmarks.timing.progress import steps
from db.market.clock import market_now

BASELINE = "0001_baseline"
_ROW_DAYS = 2
"""Trading days that stay rows, as the columnstore policy has it."""
_ARCHIVE_DAYS = 60
"""Age at which a chunk of the archive goes to the columnstore, as its policy has it."""
_COLUMNSTORE_ENABLED = """
    SELECT compression_enabled
    FROM timescaledb_information.hypertables
    WHERE hypertable_schema = %s AND hypertable_name = 'option_chain_snapshots'
"""
_STOP_JOBS = """
    SELECT alter_job(job_id, scheduled => false)
    FROM timescaledb_information.jobs
    WHERE proc_name IN (
        'policy_compression',
        'policy_columnstore',
        'policy_refresh_continuous_aggregate',
        'archive_job'
    )
"""
_END_JOBS = """
    SELECT pg_terminate_backend(a.pid, 5000)
    FROM pg_stat_activity AS a
    JOIN timescaledb_information.jobs AS j ON j.application_name = a.application_name
    WHERE a.datname = current_database()
        AND NOT j.scheduled
"""
_BARE: tuple[LiteralString, ...] = (
    "ALTER TABLE option_chain_snapshots DROP CONSTRAINT option_chain_snapshots_pkey",
    """
    SELECT create_hypertable(
        'option_chain_snapshots',
        'timestamp',
        chunk_time_interval => INTERVAL '1 day',
        create_default_indexes => false,
        migrate_data => true
    )
    """,
    "VACUUM (ANALYZE)",
    "CHECKPOINT",
)
_ROLLED_UP = "SELECT to_regclass('timescale_engine.rollup') IS NOT NULL"
_ARCHIVED = "SELECT to_regclass('archive.option_chain_snapshots') IS NOT NULL"
_TO_COLUMNSTORE = """
    SELECT compress_chunk(chunk, if_not_compressed => true)
    FROM show_chunks('option_chain_snapshots', older_than => %s::timestamp) AS chunk
"""
_ARCHIVE_TO_COLUMNSTORE = """
    SELECT compress_chunk(chunk, if_not_compressed => true)
    FROM show_chunks(
        'archive.option_chain_snapshots',
        older_than => %s::timestamp
    ) AS chunk
"""
_FROM_COLUMNSTORE = """
    SELECT decompress_chunk(chunk, if_compressed => true)
    FROM show_chunks(
        'option_chain_snapshots',
        newer_than => coalesce(%s::timestamp, '-infinity')
    ) AS chunk
"""


@contextlib.contextmanager
def legacy_database(server: BenchmarkServer, spec: DatasetSpec) -> Iterator[tuple[URL, Load]]:
    """A database at the baseline revision, filled with the history."""
    from db import migrate

    with server.database("before") as url:
        migrate.upgrade(url, BASELINE)
        with (
            session(url) as loading,
            steps(f"loading {spec.rows:,} rows", spec.days) as advance,
        ):
            loaded = load(loading, spec, advance)
        yield url, loaded


@contextlib.contextmanager
def migrated_copy(server: BenchmarkServer, legacy: URL, spec: DatasetSpec) -> Iterator[URL]:
    """A copy of a filled legacy database, upgraded to head and analyzed."""
    with server.database("after", template=legacy.database) as url:
        bring_to_head(url, spec)
        yield url


@contextlib.contextmanager
def bare_copy(server: BenchmarkServer, legacy: URL) -> Iterator[URL]:
    """A copy of a filled legacy database whose chain is a hypertable and nothing else.

    A day a chunk, as migrated ones have it, with the legacy indexes but for the key that a
    hypertable cannot have: the least that any hypertable costs.
    """
    with server.database("bare", template=legacy.database) as url:
        with session(url) as making:
            for statement in _BARE:
                making.execute(statement)
        yield url


@contextlib.contextmanager
def migrated_database(server: BenchmarkServer, spec: DatasetSpec) -> Iterator[URL]:
    """A database that was filled at the baseline revision and then upgraded in place."""
    with legacy_database(server, spec) as (url, _):
        bring_to_head(url, spec)
        yield url


def bring_to_head(url: URL, spec: DatasetSpec) -> None:
    """Upgrade a filled database and bring it to rest, the tables that were replaced dropped.

    They are kept for the way back until an operator lets them go; a size that held every row
    twice would say nothing.
    """
    from db import convert, migrate

    migrate.upgrade(url, "head")
    for conversion in convert.report(url):
        if conversion.phase == convert.Phase.SWAPPED:
            convert.finish(url, conversion.table)
    settle(url, spec)


def settle(url: URL, spec: DatasetSpec) -> None:
    """Bring a database to rest: closed days as the policies would leave them, fresh statistics.

    Background jobs of archive, columnstore and rollups are stopped and their work is done now, that
    of the rollups to the end of the last day, so that neither a figure nor a plan depends on when
    they would have run, and nothing refreshes a rollup beside what is measured.
    """
    with session(url) as settling:
        settling.execute(_STOP_JOBS)
        # one that is under way holds chunks that are to be brought to rest
        settling.execute(_END_JOBS)
        if settling.execute(_ROLLED_UP).fetchone() == (True,):
            _close_buckets(url, spec)
        if settling.execute(_ARCHIVED).fetchone() == (True,):
            archive(url)
            archive_to_columnstore(settling)
        if _has_columnstore(settling, "public"):
            set_columnstore(settling, spec.trading_days[-_ROW_DAYS:][0])
        settling.execute("VACUUM (ANALYZE)")
        settling.execute("CHECKPOINT")


def _close_buckets(url: URL, spec: DatasetSpec) -> None:
    """Have the rollups hold every bucket of the history."""
    from db.engine import engine_for
    from db.settings import Settings

    # a refresh is no read of the application: its timeout is not the one to hold it to
    engine = engine_for(url, settings=Settings(statement_timeout_s=600))
    ended = datetime.combine(spec.trading_days[-1] + timedelta(days=1), datetime.min.time())
    try:
        with engine.connect() as opened:
            refreshing = opened.execution_options(isolation_level="AUTOCOMMIT")
            refresh_around(refreshing, rollup_names(engine), ended)
    finally:
        engine.dispose()


def archive(url: URL) -> int:
    """Move what is due into the archive; the chunks moved."""
    from db.archive import moving

    return moving.run(url, "option_chain_snapshots").chunks or 0


def archive_to_columnstore(settling: Session) -> None:
    """Put the archive's chunks that its policy is due for into the columnstore, if there is one."""
    if _has_columnstore(settling, "archive"):
        border = market_now().date() - timedelta(days=_ARCHIVE_DAYS)
        settling.execute(_ARCHIVE_TO_COLUMNSTORE, [border])


def _has_columnstore(settling: Session, schema: str) -> bool:
    return settling.execute(_COLUMNSTORE_ENABLED, [schema]).fetchone() == (True,)


def set_columnstore(settling: Session, before: date | None) -> None:
    """Put chunks that end by `before` into the columnstore, take all others out of it."""
    settling.execute(_FROM_COLUMNSTORE, [before])
    if before:
        settling.execute(_TO_COLUMNSTORE, [before])


def described(spec: DatasetSpec, loaded: Load | None = None) -> dict[str, Any]:
    """A history as it stands in a result."""
    facts: dict[str, Any] = asdict(spec) | {"rows": spec.rows}
    if loaded:
        facts |= {"load_rows_per_s": round(loaded.rows_per_s), "bytes_sent": loaded.bytes_sent}
    return facts
