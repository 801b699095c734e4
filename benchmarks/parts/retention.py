"""Getting rid of the older half of a history: DELETE and VACUUM against dropping chunks."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from datetime import time as clock_time
from typing import Any

from sqlalchemy import URL

from benchmarks.dataset.filled import described, legacy_database, migrated_copy
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.parts import cold
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.server.sizes import chain_rows, database_bytes, wal_position
from benchmarks.timing.progress import steps

WARM = "just loaded"
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
        steps("dropping half of the history", 2) as advance,
    ):
        result.data |= {"dataset": described(spec, loaded), "older_than": border}
        for way, url, how in (("delete", legacy, deleting), ("drop_chunks", migrated, dropping)):
            result.data[way] = _cost(server, url, how, result)
            advance(way)
    result.data["faster_by"] = faster_by(result.data["delete"], result.data["drop_chunks"])


def faster_by(deleted: Mapping[str, Any], dropped: Mapping[str, Any]) -> float:
    """How many times faster chunks are dropped; raises BenchmarkError for another half."""
    if deleted["rows_removed"] != dropped["rows_removed"]:
        raise BenchmarkError(
            f"DELETE removed {deleted['rows_removed']:,} rows and drop_chunks "
            f"{dropped['rows_removed']:,}, as what is older than a month lies in the archive: "
            "measure fewer days."
        )
    return float(deleted["total_s"] / dropped["total_s"])


def _cost(
    server: BenchmarkServer, url: URL, ways: Sequence[Step], result: Result
) -> dict[str, Any]:
    """Time, WAL and space of one way, cold where the server may be restarted.

    What retention removes was read weeks ago. Counting is done before, because it reads everything.
    """
    database = str(url.database)
    with session(server.url(database)) as counting:
        rows = chain_rows(counting)
    result.data["temperature"] = _made_cold(server)
    with session(server.url(database)) as running:
        result.servers[:] = [asdict(server_facts(running))]
        wal, size = wal_position(running), database_bytes(running)
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


def _made_cold(server: BenchmarkServer) -> str:
    try:
        method, _ = cold.restarted(cold.restartable(server))
    except BenchmarkError:
        return WARM
    return method
