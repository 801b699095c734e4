"""PostgreSQL as the legacy program has it, with a naive hypertable, and with the toolkit."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine

from benchmarks.dataset.filled import BASELINE, bring_to_head, set_columnstore
from benchmarks.dataset.load import load
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.peers.contender import Asked
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.sizes import database_bytes
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import Request, Statement, captured, driver_session, replay
from benchmarks.workloads import Workload
from benchmarks.workloads.equality import named
from benchmarks.workloads.parameters import Parameters
from benchmarks.workloads.workload import Read


@dataclass(slots=True)
class LegacySql:
    """Tables that are asked the legacy SQL."""

    name: str
    session: Session

    def ask(self, workload: Workload, parameters: Sequence[Parameters]) -> Asked:
        return replay(self.session, [[Statement(workload.before, one)] for one in parameters])

    def rows(self, workload: Workload, given: Parameters) -> Sequence[Any]:
        with self.session.cursor() as cursor:
            cursor.execute(workload.before, given)
            columns = [column.name for column in cursor.description or ()]
            return named(cursor.fetchall(), columns)

    def size_bytes(self) -> int:
        return database_bytes(self.session)


@dataclass(slots=True)
class Toolkit:
    """A migrated database that is asked by the application's reads."""

    name: str
    engine: Engine
    session: Session

    def ask(self, workload: Workload, parameters: Sequence[Parameters]) -> Asked:
        return replay(self.session, self.requests(workload, parameters))

    def requests(self, workload: Workload, parameters: Sequence[Parameters]) -> list[Request]:
        """What the application sends."""
        read = _read_of(workload)
        return [captured(self.engine, partial(_call, read, one))[0] for one in parameters]

    def rows(self, workload: Workload, given: Parameters) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return _read_of(workload)(connection, given)

    def size_bytes(self) -> int:
        return database_bytes(self.session)


@contextlib.contextmanager
def plain(server: BenchmarkServer, spec: DatasetSpec) -> Iterator[tuple[LegacySql, URL]]:
    """The legacy tables at the baseline revision; the URL serves as a template for others."""
    with _filled(server, "plain", spec, hypertable=False) as url, session(url) as asked:
        yield LegacySql("plain tables", asked), url


@contextlib.contextmanager
def naive(server: BenchmarkServer, spec: DatasetSpec) -> Iterator[LegacySql]:
    """A hypertable as a first attempt makes it: default index and 7-day chunks, same SQL."""
    with _filled(server, "naive", spec, hypertable=True) as url, session(url) as asked:
        yield LegacySql("naive hypertable", asked)


@contextlib.contextmanager
def toolkit(
    server: BenchmarkServer, spec: DatasetSpec, name: str, *, columnstore: bool = True
) -> Iterator[Toolkit]:
    """A database filled at baseline and upgraded.

    Without `columnstore` closed chunks stay rows; on an edition that has none they do anyway.
    """
    from db.engine import engine_for

    with _filled(server, "toolkit", spec, hypertable=False) as url:
        bring_to_head(url, spec)
        if not columnstore:
            with session(url) as setting:
                set_columnstore(setting, None)
        engine = engine_for(url, read_only=True)
        with driver_session(engine) as asked:
            yield Toolkit(name, engine, asked)
        engine.dispose()


@contextlib.contextmanager
def _filled(
    server: BenchmarkServer, label: str, spec: DatasetSpec, *, hypertable: bool
) -> Iterator[URL]:
    from db import migrate

    with server.database(label) as url:
        migrate.upgrade(url, BASELINE)
        with session(url) as filling, steps(f"filling {label}", spec.days) as advance:
            if hypertable:
                _make_naive(filling)
            load(filling, spec, advance)
        yield url


def _make_naive(filling: Session) -> None:
    filling.execute(
        "ALTER TABLE option_chain_snapshots DROP CONSTRAINT option_chain_snapshots_pkey"
    )
    filling.execute("SELECT create_hypertable('option_chain_snapshots', 'timestamp')")


def _read_of(workload: Workload) -> Read:
    if workload.after is None:
        raise ValueError(f"{workload.name} is no read of the application")
    return workload.after


def _call(read: Read, given: Parameters, connection: Connection) -> Sequence[Any]:
    return read(connection, given)
