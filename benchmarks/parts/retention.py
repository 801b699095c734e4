"""Getting rid of the older half of a history: DELETE and VACUUM against dropping chunks."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from datetime import time as clock_time
from typing import Any

from benchmarks.dataset.filled import described, legacy_database, migrated_copy
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.server.sizes import chain_rows, database_bytes, wal_position
from benchmarks.timing.progress import steps

Step = tuple[str, str, Sequence[Any]]


def retention_on(server: BenchmarkServer, spec: DatasetSpec, result: Result) -> None:
    """Drop the older half both ways; fills `result` as `retention --help` says."""
    border = datetime.combine(spec.trading_days[spec.days // 2], clock_time.min)
    deleting: list[Step] = [
        ("delete_s", "DELETE FROM option_chain_snapshots WHERE timestamp < %s", [border]),
        ("vacuum_s", "VACUUM (ANALYZE) option_chain_snapshots", []),
    ]
    # told apart: the files of the chunks are removed when the transaction commits
    dropping: list[Step] = [
        ("begin_s", "BEGIN", []),
        ("drop_s", "SELECT drop_chunks('option_chain_snapshots', older_than => %s)", [border]),
        ("commit_s", "COMMIT", []),
    ]
    with (
        legacy_database(server, spec) as (legacy, loaded),
        migrated_copy(server, legacy, spec) as migrated,
        session(legacy) as plain,
        session(migrated) as hypertable,
        steps("dropping half of the history", 2) as advance,
    ):
        result.servers.append(asdict(server_facts(hypertable)))
        result.data |= {"dataset": described(spec, loaded), "older_than": border}
        result.data["delete"] = _cost(plain, deleting)
        advance()
        result.data["drop_chunks"] = _cost(hypertable, dropping)
        advance()
    slow, fast = (result.data[way]["total_s"] for way in ("delete", "drop_chunks"))
    result.data["faster_by"] = slow / fast


def _cost(running: Session, ways: Sequence[Step]) -> dict[str, Any]:
    wal, size, rows = wal_position(running), database_bytes(running), chain_rows(running)
    times: dict[str, float] = {}
    for name, statement, parameters in ways:
        started = time.perf_counter()
        running.execute(statement, parameters)
        times[name] = round(time.perf_counter() - started, 4)
    return {
        **times,
        "total_s": sum(times.values()),
        "rows_removed": rows - chain_rows(running),
        "wal_bytes": wal_position(running) - wal,
        "freed_bytes": size - database_bytes(running),
    }
