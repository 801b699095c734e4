"""A migrated database whose history can be lengthened, and written to as the collector does."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import URL, Engine

from benchmarks.dataset.filled import bring_to_head, legacy_database
from benchmarks.dataset.growing import grow
from benchmarks.dataset.snapshots import Instant
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.parts.questions import Sides
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.rollups import refresh_around, rollup_names
from benchmarks.server.sizes import database_bytes
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import driver_session
from benchmarks.workloads import Workload
from benchmarks.workloads.parameters import Parameters
from db.market.clock import to_naive_ist

BUILT_DAYS = 45
"""Trading days that are loaded; what lies further back repeats them."""
# all days that are not archived are among them, so that growing adds to the archive only
_GROWING_DAYS = 25
# WAL, and room for others
_SPARE_BYTES = 6 * 2**30


@dataclass(slots=True)
class ScaledHistory:
    """A history in a database of its own; `after` reads as the application does."""

    url: URL
    engine: Engine
    writing: Engine
    after: Session
    plain: Session
    spec: DatasetSpec
    rows: int
    load_rows_per_s: int
    grown_rows_per_s: int | None = None
    _rollups: list[str] = field(default_factory=list)

    @property
    def sides(self) -> Sides:
        """To compare the application's reads with the legacy SQL on the same rows."""
        return Sides(self.plain, self.engine, self.after)

    @property
    def can_grow(self) -> bool:
        """Whether older days belong into the archive."""
        return self.spec.days >= _GROWING_DAYS

    def grow_to(self, days: int) -> None:
        """Add older days until there are `days`; nothing to do when there are.

        Raises BenchmarkError where the disk would not hold them.
        """
        if days <= self.spec.days:
            return
        self._require_room(replace(self.spec, days=days).rows - self.spec.rows)
        started = time.perf_counter()
        with steps(f"growing to {days} days", days - self.spec.days) as advance:
            added = grow(self.url, self.spec.end, self.spec.days, days, advance)
        self.grown_rows_per_s = round(added / (time.perf_counter() - started))
        self.spec = replace(self.spec, days=days)
        self.rows += added

    def _require_room(self, rows: int) -> None:
        """Ask the disk, where it is this machine's; a full one would take the server down."""
        found = self.plain.execute("SHOW data_directory").fetchone()
        try:
            free = shutil.disk_usage(found[0] if found else "").free
        except OSError:
            return  # a server elsewhere
        needed = rows * database_bytes(self.plain) // self.rows + _SPARE_BYTES
        if free < needed:
            raise BenchmarkError(
                f"Growing by {rows:,} rows wants {needed / 2**30:.0f} GiB of disk and "
                f"{free / 2**30:.0f} GiB are free."
            )

    def read(self, workload: Workload, given: Parameters) -> Sequence[Any]:
        """The rows of one read of the application."""
        if workload.after is None:
            raise ValueError(f"{workload.name} is no read of the application")
        with self.engine.connect() as connection:
            return workload.after(connection, given)

    def write(self, instants: Sequence[Instant]) -> None:
        """Commit snapshots as the collector does."""
        from db.ingest import write_snapshot

        for instant in instants:
            for snapshot in instant:
                with self.writing.begin() as connection:
                    write_snapshot(connection, snapshot)

    def refresh(self, instant: Instant) -> None:
        """Bring all rollups up to date after a snapshot."""
        self._rollups = self._rollups or rollup_names(self.engine)
        with self.writing.connect() as opened:
            refreshing = opened.execution_options(isolation_level="AUTOCOMMIT")
            refresh_around(refreshing, self._rollups, to_naive_ist(instant[0].timestamp))


@contextmanager
def built(server: BenchmarkServer, spec: DatasetSpec) -> Iterator[ScaledHistory]:
    """A history of the newest of the wanted days, at most BUILT_DAYS, loaded and migrated."""
    from db.engine import engine_for

    loaded_spec = replace(spec, days=min(spec.days, BUILT_DAYS))
    with legacy_database(server, loaded_spec) as (url, loaded):
        bring_to_head(url, loaded_spec)
        engine, writing = engine_for(url, read_only=True), engine_for(url)
        try:
            with driver_session(engine) as after, session(url) as plain:
                yield ScaledHistory(
                    url,
                    engine,
                    writing,
                    after,
                    plain,
                    loaded_spec,
                    loaded.rows,
                    round(loaded.rows_per_s),
                )
        finally:
            engine.dispose()
            writing.dispose()
