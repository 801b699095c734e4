"""Databases with a history in them: at the baseline revision, and migrated."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import URL

from benchmarks.databases import BenchmarkServer, session
from benchmarks.dataset.load import Load, load
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.progress import steps

BASELINE = "0001_baseline"


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
def migrated_copy(server: BenchmarkServer, legacy: URL) -> Iterator[URL]:
    """A copy of a filled legacy database, upgraded to head and analyzed."""
    from db import migrate

    with server.database("after", template=legacy.database) as url:
        migrate.upgrade(url, "head")
        settle(url)
        yield url


@contextlib.contextmanager
def migrated_database(server: BenchmarkServer, spec: DatasetSpec) -> Iterator[URL]:
    """A database that was filled at the baseline revision and then upgraded in place."""
    from db import migrate

    with legacy_database(server, spec) as (url, _):
        migrate.upgrade(url, "head")
        settle(url)
        yield url


def settle(url: URL) -> None:
    """Give the planner statistics and visibility, as autovacuum would have after a while."""
    with session(url) as analyzing:
        analyzing.execute("VACUUM (ANALYZE)")
        analyzing.execute("CHECKPOINT")


def described(spec: DatasetSpec, loaded: Load | None = None) -> dict[str, Any]:
    """A history as it stands in a result."""
    facts: dict[str, Any] = asdict(spec) | {"rows": spec.rows}
    if loaded:
        facts |= {"load_rows_per_s": round(loaded.rows_per_s), "bytes_sent": loaded.bytes_sent}
    return facts
