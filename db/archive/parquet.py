"""An archive as Parquet files, one a chunk, with a manifest, and the proof that they hold it.

The server writes CSV, pyarrow parses it with the columns' types and streams it into the file; the
proof goes the other way, into a temporary table whose checksum must be the archive's.
https://arrow.apache.org/docs/python/parquet.html
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Copy, sql
from sqlalchemy import URL

from db.archive.catalog import archive_of, connect, relation, rows
from db.archive.errors import ArchiveError
from db.archive.manifest import ExportedFile, Manifest, on_disk
from db.convert.session import Connection, one

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK_BYTES = 8 * 1024 * 1024

OnFile = Callable[[str, int], None]


def _quiet(file: str, count: int) -> None:
    pass


def export(url: URL, table: str, folder: Path, on_file: OnFile = _quiet) -> list[ExportedFile]:
    """Write every chunk of a table's archive that is not exported yet, each proved by reading it.

    Raises ArchiveError where pyarrow is missing, the folder cannot be written, or a file does not
    give back what went in.
    """
    _require_pyarrow()
    with on_disk(folder):
        return _export(url, table, folder, on_file)


def _export(url: URL, table: str, folder: Path, on_file: OnFile) -> list[ExportedFile]:
    with connect(url) as connection:
        archive = archive_of(connection, table)
        folder.mkdir(parents=True, exist_ok=True)
        done = Manifest.there(folder, archive.target)
        columns = _columns(connection, archive.archive_table)
        for chunk in rows(connection, "chunks", table=archive.archive_table):
            name = f"{chunk['range_start']:%Y-%m-%d}_{chunk['range_end']:%Y-%m-%d}.parquet"
            exported = _export_chunk(connection, chunk["chunk"], columns, folder / name, done)
            done[name] = exported
            Manifest(table=archive.target, columns=columns, files=done).write(folder)
            on_file(name, exported.rows)
    return [done[name] for name in sorted(done)]


def verify(url: URL, folder: Path, on_file: OnFile = _quiet) -> int:
    """Read every file of an export back and compare it with its manifest; returns rows proved.

    Raises ArchiveError naming the first file that differs.
    """
    _require_pyarrow()
    total = 0
    with on_disk(folder), connect(url) as connection:
        manifest = Manifest.read(folder)
        for exported in manifest.files.values():
            _prove(connection, folder / exported.file, manifest.columns, exported)
            total += exported.rows
            on_file(exported.file, exported.rows)
    return total


def _export_chunk(
    connection: Connection,
    chunk: str,
    columns: dict[str, str],
    path: Path,
    done: dict[str, ExportedFile],
) -> ExportedFile:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        count, checksum = _checksum(connection, relation(chunk), columns)
        known = done.get(path.name)
        if known and path.exists() and (known.rows, known.checksum) == (count, checksum):
            return known
        unfinished = path.with_suffix(".part")
        _write(connection, chunk, columns, unfinished)
    exported = ExportedFile(
        file=path.name,
        chunk=chunk,
        rows=count,
        checksum=checksum,
        sha256=_sha256(unfinished),
        size_bytes=unfinished.stat().st_size,
    )
    _prove(connection, unfinished, columns, exported)
    os.replace(unfinished, path)
    return exported


def _write(connection: Connection, chunk: str, columns: dict[str, str], path: Path) -> None:
    from pyarrow import csv
    from pyarrow import parquet as pq

    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv)").format(
        _column_list(columns), relation(chunk)
    )
    convert = csv.ConvertOptions(
        column_types=dict(_arrow_schema(columns)),
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    schema = _as_schema(columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        source = io.BufferedReader(_CopyStream(copy), _BLOCK_BYTES)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            if source.peek(1):
                reader = csv.open_csv(
                    source,
                    read_options=csv.ReadOptions(
                        column_names=list(columns), block_size=_BLOCK_BYTES
                    ),
                    parse_options=csv.ParseOptions(newlines_in_values=True),
                    convert_options=convert,
                )
                for batch in reader:
                    writer.write_batch(batch)


def _prove(
    connection: Connection, path: Path, columns: dict[str, str], exported: ExportedFile
) -> None:
    """Read a file into a temporary table; raises ArchiveError where its rows differ."""
    from pyarrow import csv
    from pyarrow import parquet as pq

    if not path.exists() or _sha256(path) != exported.sha256:
        raise ArchiveError(f"{path} is missing or not the file that was written; export it again.")
    definitions = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))
        for name, type_ in columns.items()
    )
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("CREATE TEMPORARY TABLE read_back ({})").format(definitions))
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY read_back FROM STDIN (FORMAT csv)") as copy,
        ):
            for batch in pq.ParquetFile(path).iter_batches():
                text = io.BytesIO()
                csv.write_csv(batch, text, csv.WriteOptions(include_header=False))
                copy.write(text.getbuffer())
        found = _checksum(connection, sql.SQL("read_back"), columns)
    if found != (exported.rows, exported.checksum):
        raise ArchiveError(
            f"{path} holds {found[0]} rows with checksum {found[1]}, not the {exported.rows} rows "
            f"with checksum {exported.checksum} that were archived; export it again."
        )


class _CopyStream(io.RawIOBase):
    """What COPY TO STDOUT sends, as a file to read from."""

    def __init__(self, copy: Copy) -> None:
        self._blocks: Iterator[Any] = iter(copy)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(bytes(block))
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def _arrow_schema(columns: dict[str, str]) -> "Iterator[tuple[str, pa.DataType]]":
    """Column types that hold every value of the server's; anything else stays text."""
    import pyarrow as pa

    types = {
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "real": pa.float32(),
        "double precision": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp without time zone": pa.timestamp("us"),
    }
    for name, type_ in columns.items():
        yield name, types.get(type_, pa.string())


def _as_schema(columns: dict[str, str]) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(list(_arrow_schema(columns)))


def _checksum(
    connection: Connection, table: sql.Composable, columns: dict[str, str]
) -> tuple[int, str]:
    row = one(
        connection,
        sql.SQL(
            "SELECT count(*) AS rows, "
            "coalesce(sum(hashtextextended(r::TEXT, 0)::NUMERIC), 0)::TEXT AS checksum "
            "FROM (SELECT {} FROM {}) r"
        ).format(_column_list(columns), table),
    )
    return int(row["rows"]), str(row["checksum"])


def _columns(connection: Connection, table: str) -> dict[str, str]:
    return {row["name"]: row["type"] for row in rows(connection, "columns", table=table)}


def _column_list(columns: dict[str, str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_pyarrow() -> None:
    import importlib.util

    if importlib.util.find_spec("pyarrow") is None:
        raise ArchiveError("Parquet needs pyarrow: pip install 'oi-gemini[parquet]'.")
