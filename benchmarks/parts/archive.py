"""Closed chunks into the archive: what it takes, and what reading from there takes."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import URL

from benchmarks.dataset.filled import archive, described, legacy_database
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.server.sizes import chain_rows, database_bytes, number, wal_position
from benchmarks.timing import runner
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import Request, Statement, replay
from benchmarks.timing.statistics import summarize
from benchmarks.workloads.parameters import drawn, moment

_REQUESTS = 20
_OLDEST_DAYS = 5
_HISTORY_ROWS = "SELECT count(*) FROM option_chain_snapshots_history"
_INSTANT = """
    SELECT timestamp
    FROM snapshots
    WHERE exchange = %(exchange)s AND timestamp <= %(at)s
    ORDER BY timestamp DESC
    LIMIT 1
"""
_ARCHIVED_CHAIN = """
    SELECT strike, option_type, oi, ltp, volume, iv
    FROM option_chain_snapshots_history
    WHERE exchange = %(exchange)s AND timestamp = %(at)s
    ORDER BY strike, option_type
"""


def archive_on(server: BenchmarkServer, spec: DatasetSpec, result: Result) -> None:
    """Archive all that is due, then read from it; fills `result` as `archive --help` says."""
    from db import migrate

    with legacy_database(server, spec) as (url, loaded), steps("archiving", 3) as advance:
        migrate.upgrade(url)
        advance()
        with session(url, options="-c plan_cache_mode=force_custom_plan") as watching:
            result.servers.append(asdict(server_facts(watching)))
            result.data |= {"dataset": described(spec, loaded), **_moved(url, watching)}
            advance()
            result.data["as_of_archived_ms"] = _read(watching, spec)
            advance()


def _moved(url: URL, watching: Session) -> dict[str, Any]:
    hot, wal, size = chain_rows(watching), wal_position(watching), database_bytes(watching)
    started = time.perf_counter()
    chunks = archive(url)
    duration_s = time.perf_counter() - started
    rows = hot - chain_rows(watching)
    if not rows:
        raise BenchmarkError("Nothing was old enough to archive; give more --days.")
    return {
        "chunks": chunks,
        "rows": rows,
        "duration_s": round(duration_s, 2),
        "rows_per_s": round(rows / duration_s),
        "wal_bytes_per_row": (wal_position(watching) - wal) / rows,
        "size_change_bytes": database_bytes(watching) - size,
        "rows_lost": hot - number(watching, _HISTORY_ROWS),
    }


def _read(watching: Session, spec: DatasetSpec) -> dict[str, Any]:
    """The chain as of random instants of the oldest days, through the view of both sides."""
    last = spec.trading_days[: min(_OLDEST_DAYS, spec.days)]
    oldest = replace(spec, days=len(last), end=last[-1])
    given = drawn(moment, oldest, count=_REQUESTS, seed=spec.seed)
    requests = [_request(watching, one) for one in given]
    plan = runner.Plan(_REQUESTS, 3, 0.5, seed=spec.seed)
    samples = runner.interleave({"read": replay(watching, requests)}, plan)
    return asdict(summarize(samples["read"].rounds))


def _request(watching: Session, given: Any) -> Request:
    row: Sequence[Any] | None = watching.execute(_INSTANT, given).fetchone()
    if row is None:
        raise BenchmarkError("The pointer table holds no snapshot of an archived day.")
    exact = {"exchange": given["exchange"], "at": row[0]}
    return [Statement(_INSTANT, given), Statement(_ARCHIVED_CHAIN, exact)]
