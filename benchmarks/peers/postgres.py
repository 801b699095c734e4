"""PostgreSQL as the legacy program has it, with a naive hypertable, and with the toolkit."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine

from benchmarks.databases import BenchmarkServer, Session, session
from benchmarks.dataset.load import load
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.equality import named
from benchmarks.history import BASELINE, settle
from benchmarks.peers.contender import Asked
from benchmarks.progress import steps
from benchmarks.requests import Request, Statement, captured, driver_session, replay
from benchmarks.watching import database_bytes
from benchmarks.workloads import Workload
from benchmarks.workloads.parameters import Parameters
from benchmarks.workloads.workload import Read

_COLUMNSTORE_JOBS = """
    SELECT alter_job(job_id, scheduled => false)
    FROM timescaledb_information.jobs
    WHERE proc_name IN ('policy_compression', 'policy_columnstore')
"""
_TO_COLUMNSTORE = """
    SELECT compress_chunk(chunk, if_not_compressed => true)
    FROM show_chunks('option_chain_snapshots', older_than => %s::timestamp) AS chunk
"""
_FROM_COLUMNSTORE = """
    SELECT decompress_chunk(chunk, if_compressed => true)
    FROM show_chunks('option_chain_snapshots') AS chunk
"""


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
    server: BenchmarkServer, spec: DatasetSpec, name: str, *, columnstore: bool | None = None
) -> Iterator[Toolkit]:
    """A database filled at baseline and upgraded.

    `columnstore` puts closed chunks into it or takes them out of it, where the edition has one.
    """
    from db import migrate
    from db.engine import engine_for

    with _filled(server, "toolkit", spec, hypertable=False) as url:
        migrate.upgrade(url, "head")
        if columnstore is not None:
            _set_columnstore(url, spec, columnstore)
        settle(url)
        engine = engine_for(url)
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


def _set_columnstore(url: URL, spec: DatasetSpec, wanted: bool) -> None:
    with session(url) as setting:
        setting.execute(_COLUMNSTORE_JOBS)
        if wanted:
            setting.execute(_TO_COLUMNSTORE, [spec.trading_days[-1]])
        else:
            setting.execute(_FROM_COLUMNSTORE)


def _read_of(workload: Workload) -> Read:
    if workload.after is None:
        raise ValueError(f"{workload.name} is no read of the application")
    return workload.after


def _call(read: Read, given: Parameters, connection: Connection) -> Sequence[Any]:
    return read(connection, given)
