"""The online conversion under fire: traffic that never stops, kills at random moments."""

import os
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from benchmarks.databases import BenchmarkServer, Session, session
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.environment import server_facts
from benchmarks.errors import BenchmarkError
from benchmarks.history import described, legacy_database
from benchmarks.progress import steps
from benchmarks.results import Result
from benchmarks.statistics import summarize
from benchmarks.traffic import Traffic, flowing
from benchmarks.watching import number, wal_position

_ROOT = Path(__file__).resolve().parents[1]
_BEFORE, _CONVERTED = "0003_engine", "0004_chain_hypertable"
_PATIENCE_S = 3600.0
_COUNTS = """
    SELECT count(*), count(DISTINCT (timestamp, exchange, strike, option_type))
    FROM option_chain_snapshots
"""
_WRITTEN = "SELECT token FROM option_chain_snapshots WHERE exchange = 'TRAFFIC'"


@dataclass(slots=True)
class _Way:
    """One direction: `alembic upgrade` or `downgrade` to a revision."""

    verb: str
    revision: str


def convert_on(server: BenchmarkServer, spec: DatasetSpec, result: Result, *, kills: int) -> None:
    """Up with kills, down with kills; fills `result` as `convert --help` says."""
    from db import migrate

    chance = random.Random(spec.seed)  # noqa: S311 - moments to kill at, not secrets
    ways = {"up": _Way("upgrade", _CONVERTED), "down": _Way("downgrade", _BEFORE)}
    with legacy_database(server, spec) as (url, loaded), session(url) as watching:
        migrate.upgrade(url, _BEFORE)
        result.servers.append(asdict(server_facts(watching)))
        result.data |= {"dataset": described(spec, loaded)}
        written: set[int] = set()
        with steps("converting", len(ways)) as advance:
            for name, way in ways.items():
                done = _converted(url, watching, spec, way, kills, chance, written)
                result.data |= done if name == "up" else {"downgrade": done}
                advance(f"{name}grade")


def _converted(
    url: URL,
    watching: Session,
    spec: DatasetSpec,
    way: _Way,
    kills: int,
    chance: random.Random,
    written: set[int],
) -> dict[str, Any]:
    """One direction; `written` holds the numbers of all rows the writer had acknowledged."""
    wal, started = wal_position(watching), time.perf_counter()
    with flowing(url, spec.last_instant, start=max(written, default=-1) + 1) as traffic:
        survived = _with_kills(url, way, kills, chance)
        duration_s = time.perf_counter() - started
    written |= traffic.acknowledged
    return {
        "rows": spec.rows,
        "duration_s": round(duration_s, 2),
        "rows_per_s": round(spec.rows / duration_s),
        "longest_block_ms": round(traffic.longest_block_ms, 1),
        "writes": asdict(summarize([traffic.write_ms])),
        "reads": asdict(summarize([traffic.read_ms])),
        "histogram_ms": histogram(traffic),
        "statements_failed": len(traffic.failures),
        "failures": sorted(set(traffic.failures)),
        "kills_survived": survived,
        "wal_bytes_per_row": (wal_position(watching) - wal) / spec.rows,
        **_kept(watching, spec, written),
    }


def histogram(traffic: Traffic) -> dict[str, int]:
    """Statements by how long they took at most, in ms."""
    borders = (1, 3, 10, 30, 100, 300, 1000)
    times = [*traffic.write_ms, *traffic.read_ms]
    counts = {f"≤ {b}": 0 for b in borders} | {"more": 0}
    for ms in times:
        border = next((b for b in borders if ms <= b), None)
        counts[f"≤ {border}" if border else "more"] += 1
    return counts


def _with_kills(url: URL, way: _Way, kills: int, chance: random.Random) -> int:
    """Start the migration again and again, killing it at random moments; kills survived.

    It is left alone after the last kill. A migration that ends before it is killed counts none.
    """
    survived, longest_s = 0, 2.0
    for _ in range(kills):
        with _migration(url, way) as process:
            try:
                process.wait(chance.uniform(0.3, longest_s))
            except subprocess.TimeoutExpired:
                process.kill()
                survived += 1
                longest_s *= 1.15
                continue
        _demand_success(process)
        return survived
    with _migration(url, way) as process:
        process.wait(_PATIENCE_S)
    _demand_success(process)
    return survived


def _migration(url: URL, way: _Way) -> subprocess.Popen[bytes]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.Popen(  # noqa: S603 - the program under test
        [sys.executable, "-m", "alembic", way.verb, way.revision],
        cwd=_ROOT,
        env=os.environ | {"OI_DATABASE_URL": address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _demand_success(process: subprocess.Popen[bytes]) -> None:
    if process.returncode:
        raise BenchmarkError("The migration failed; run it by hand: alembic upgrade head.")


def _kept(watching: Session, spec: DatasetSpec, written: set[int]) -> dict[str, int]:
    rows, distinct = watching.execute(_COUNTS).fetchone() or (0, 0)
    found = {token for (token,) in watching.execute(_WRITTEN).fetchall()}
    loaded = number(
        watching, "SELECT count(*) FROM option_chain_snapshots WHERE exchange <> 'TRAFFIC'"
    )
    return {
        "rows_lost": (spec.rows - loaded) + len(written - found),
        "rows_doubled": rows - distinct,
    }
