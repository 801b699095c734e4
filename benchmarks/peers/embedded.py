"""DuckDB and ClickHouse inside this process, where they are installed."""

import contextlib
import importlib.util
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.peers.contender import Asked, Contender
from benchmarks.workloads import Workload
from benchmarks.workloads.equality import named
from benchmarks.workloads.parameters import Parameters
from db.timescale.sqltext import named_statements

_DUCKDB = named_statements(__package__, "duckdb.sql")
_CLICKHOUSE = named_statements(__package__, "clickhouse.sql")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def installed() -> list[str]:
    """Which of the embedded engines can be asked here."""
    return [name for name in ("duckdb", "chdb") if importlib.util.find_spec(name)]


@dataclass(slots=True)
class DuckDb:
    """DuckDB on a file of its own, with the legacy SQL or its own words for it."""

    name: str
    connection: Any
    file: Path

    def ask(self, workload: Workload, parameters: Sequence[Parameters]) -> Asked:
        text = self._text(workload)
        return lambda number: self.connection.execute(text, parameters[number]).fetchall()

    def rows(self, workload: Workload, given: Parameters) -> Sequence[Any]:
        cursor = self.connection.execute(self._text(workload), given)
        columns = [column[0] for column in cursor.description]
        return named(cursor.fetchall(), columns)

    def size_bytes(self) -> int:
        self.connection.execute("CHECKPOINT")
        return self.file.stat().st_size

    @staticmethod
    def _text(workload: Workload) -> str:
        own = _DUCKDB.get(workload.statement)
        return _duckdb_text(own or workload.before)


@dataclass(slots=True)
class ClickHouse:
    """ClickHouse (chdb) in a folder of its own; its rows stay Arrow columns."""

    name: str
    session: Any
    folder: Path

    def ask(self, workload: Workload, parameters: Sequence[Parameters]) -> Asked:
        text = _CLICKHOUSE[workload.statement]
        bound = [_clickhouse_values(one) for one in parameters]
        return lambda number: self.session.query(text, "ArrowTable", params=bound[number])

    def rows(self, workload: Workload, given: Parameters) -> Sequence[Any]:
        text = _CLICKHOUSE[workload.statement]
        table = self.session.query(text, "ArrowTable", params=_clickhouse_values(given))
        rows: list[Mapping[str, Any]] = table.to_pylist()
        return rows

    def size_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


@contextlib.contextmanager
def embedded(files: Path) -> Iterator[list[Contender]]:
    """The installed engines, filled from a folder of Parquet files."""
    with contextlib.ExitStack() as stack:
        found: list[Contender] = []
        for name in installed():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oi-bench-")))
            make = _duckdb if name == "duckdb" else _clickhouse
            found.append(stack.enter_context(make(folder, files)))
        yield found


@contextlib.contextmanager
def _duckdb(folder: Path, files: Path) -> Iterator[Contender]:
    import duckdb

    file = folder / "history.duckdb"
    connection = duckdb.connect(str(file))
    connection.execute(_duckdb_text(_DUCKDB["create"]), {"files": str(files / "*.parquet")})
    connection.execute(_DUCKDB["create_metadata"])
    yield DuckDb(f"DuckDB {duckdb.__version__}", connection, file)
    connection.close()


@contextlib.contextmanager
def _clickhouse(folder: Path, files: Path) -> Iterator[Contender]:
    import chdb
    from chdb import session as sessions

    session: Any = sessions.Session(str(folder))
    session.query(_CLICKHOUSE["create"])
    session.query(_CLICKHOUSE["fill"], params={"files": str(files / "*.parquet")})
    session.query(_CLICKHOUSE["merge"])
    yield ClickHouse(f"ClickHouse {chdb.engine_version}", session, folder)
    session.close()


def _duckdb_text(text: str) -> str:
    return _PLACEHOLDER.sub(r"$\1", text)


def _clickhouse_values(given: Parameters) -> dict[str, str]:
    """Parameters as ClickHouse reads them: text, instants with microseconds, widths in seconds."""
    return {name: _clickhouse_value(value) for name, value in given.items()}


def _clickhouse_value(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    return str(value)
