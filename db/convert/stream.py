"""Rows from one table into another over two sessions, by COPY on both sides.

INSERT … SELECT would need one session only. But it lengthens the table page by page with empty
pages, which gather in the system's cache until the system writes gigabytes of them at once: every
COMMIT then waits for the disk. COPY reserves space without writing it, fills its pages in a few
buffers of its own and hands them to the disk as it goes; it also logs rows by the page, not singly.
https://www.postgresql.org/docs/current/sql-copy.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import psycopg
from psycopg import sql

from db.convert.session import Connection

_BATCH_BYTES = 128 * 1024


def stream(
    reader: Connection,
    writer: Connection,
    selection: sql.Composed,
    binds: Mapping[str, str],
    target: sql.Composed,
    *,
    is_binary: bool,
    is_frozen: bool,
    on_rows: Callable[[int], None],
) -> int:
    """Copy what `selection` gives with its `binds` into `target`, a table and its columns.

    `is_binary` needs types that can be sent so; `is_frozen` that the transaction made or emptied
    the table. `on_rows` is told the rows of each batch before it goes on its way, and may take its
    time. Returns the rows stored. Errors of either side are psycopg's, and leave both usable.
    """
    form = sql.SQL("FORMAT binary" if is_binary else "FORMAT text")
    frozen = sql.SQL(", FREEZE" if is_frozen else "")
    rows_out = sql.SQL("COPY ({}) TO STDOUT ({})").format(selection, form)
    rows_in = sql.SQL("COPY {} FROM STDIN ({}{})").format(target, form, frozen)
    # a plain cursor: rows of other shapes are no business of COPY
    cursor = psycopg.Cursor(writer)
    with psycopg.Cursor(reader).copy(rows_out, binds) as source, cursor.copy(rows_in) as sink:
        for count, batch in _batches(source):
            sink.write(batch)
            on_rows(count)
    return cursor.rowcount


def _batches(messages: Iterable[bytes | bytearray | memoryview]) -> Iterator[tuple[int, bytes]]:
    """Messages (a row each, but for a header and an end) joined to fewer, with their number."""
    gathered: list[bytes | bytearray | memoryview] = []
    size_bytes = 0
    for message in messages:
        gathered.append(message)
        size_bytes += len(message)
        if size_bytes >= _BATCH_BYTES:
            yield len(gathered), b"".join(gathered)
            gathered.clear()
            size_bytes = 0
    if gathered:
        yield len(gathered), b"".join(gathered)
