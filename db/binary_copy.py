"""PostgreSQL's binary COPY format made from numpy columns, hundreds of thousands of rows a second.

Format: https://www.postgresql.org/docs/current/sql-copy.html (binary format); the wire form of
each type is that of its receive function.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from db.market.limits import CHANGE_MINUTES
from db.market.ticks import EDGE_FIELDS, STORED_FIELDS, ChainColumns, EnrichedColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

COPY_FIELDS = ("timestamp", "exchange", *STORED_FIELDS)
"""Columns of option_chain_snapshots in the order `encoded_chain` writes them."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_US = np.datetime64("2000-01-01", "us")
_EPOCH_DAY = np.datetime64("2000-01-01", "D")
_BLOCK_ROWS = 20_000
_UNITS = frozenset(f"oi_change_{minutes}m" for minutes in CHANGE_MINUTES)


def encoded_chain(columns: ChainColumns) -> Iterator[bytes]:
    """A whole COPY … (COPY_FIELDS) FROM STDIN (FORMAT binary), in pieces of a few megabytes."""
    exchange = np.full(len(columns), columns.exchange.encode())
    beside = [columns.timestamp, exchange]
    return encoded([*beside, *(_column(columns, name) for name in STORED_FIELDS)])


def encoded_edge(columns: EnrichedColumns) -> Iterator[bytes]:
    """A whole COPY … (EDGE_FIELDS) FROM STDIN (FORMAT binary)."""
    return encoded([_column(columns, name) for name in EDGE_FIELDS])


def _column(columns: ChainColumns | EnrichedColumns, name: str) -> "NDArray[Any]":
    """A field in the type that the database gives it."""
    values: NDArray[Any] = getattr(columns, name)
    if name == "time_to_expiry_seconds":
        return values.astype(np.int32)
    if name in _UNITS:
        unknown = np.isnan(values)
        return np.ma.array(np.where(unknown, 0, values).astype(np.int64), mask=unknown)
    return values


def encoded(columns: Sequence["NDArray[Any]"]) -> Iterator[bytes]:
    """A whole binary COPY of parallel arrays, in pieces of a few megabytes.

    float64 becomes double precision (NaN is NULL), int64 bigint and int32 integer (−1 is NULL),
    datetime64[us] timestamp and datetime64[D] date (NaT is NULL), bytes (`S`) text (empty is
    NULL). Of a masked int64 NULL is what the mask covers, and −1 a number. Raises TypeError for
    any other dtype.
    """
    yield _HEADER
    for first in range(0, len(columns[0]), _BLOCK_ROWS):
        yield _block([column[first : first + _BLOCK_ROWS] for column in columns])
    yield _TRAILER


def _block(columns: Sequence["NDArray[Any]"]) -> bytes:
    wires = [_wire(column) for column in columns]
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for i, (payload, _) in enumerate(wires):
        layout += [(f"length{i}", ">i4"), (f"value{i}", payload.dtype)]
    rows = np.empty(len(columns[0]), dtype=np.dtype(layout))
    rows["fields"] = len(columns)
    for i, (payload, length) in enumerate(wires):
        rows[f"length{i}"] = length
        rows[f"value{i}"] = payload
    return _compacted(rows, [length for _, length in wires])


def _compacted(rows: "NDArray[Any]", lengths: Sequence["NDArray[np.int32]"]) -> bytes:
    """The rows as bytes, without what fixed widths hold beyond each value's own length."""
    width = rows.dtype.itemsize
    kept = np.ones((len(rows), width), dtype=np.bool_)
    for i, length in enumerate(lengths):
        value_dtype, offset = rows.dtype.fields[f"value{i}"][:2]  # type: ignore[index]
        if (length == value_dtype.itemsize).all():
            continue
        within = np.arange(value_dtype.itemsize) < length[:, None]
        kept[:, offset : offset + value_dtype.itemsize] = within
    flat = rows.view(np.uint8).reshape(len(rows), width)
    return flat.tobytes() if kept.all() else flat[kept].tobytes()


def _wire(column: "NDArray[Any]") -> tuple["NDArray[Any]", "NDArray[np.int32]"]:
    """Values as they go over the wire and the length of each, −1 for NULL."""
    kind, size = column.dtype.kind, column.dtype.itemsize
    if kind == "f" and size == 8:
        return column.astype(">f8"), _lengths(~np.isnan(column), 8)
    if isinstance(column, np.ma.MaskedArray) and kind == "i":
        known = ~np.ma.getmaskarray(column)
        return column.data.astype(f">i{size}"), _lengths(known, size)
    if kind == "i" and size in (4, 8):
        return column.astype(f">i{size}"), _lengths(column != -1, size)
    if kind == "M":
        return _wire_time(column)
    if kind == "S":
        length = np.char.str_len(column).astype(np.int32)
        return column, np.where(length == 0, np.int32(-1), length)
    raise TypeError(f"no binary form is known for a column of {column.dtype}")


def _wire_time(column: "NDArray[Any]") -> tuple["NDArray[Any]", "NDArray[np.int32]"]:
    known = ~np.isnat(column)
    if np.datetime_data(column.dtype)[0] == "D":
        return (column - _EPOCH_DAY).astype(">i4"), _lengths(known, 4)
    since = (column.astype("datetime64[us]") - _EPOCH_US).astype(">i8")
    return since, _lengths(known, 8)


def _lengths(known: "NDArray[np.bool_]", size: int) -> "NDArray[np.int32]":
    return np.where(known, np.int32(size), np.int32(-1))
