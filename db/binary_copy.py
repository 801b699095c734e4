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
_KEYS = 2**62
_ROWS_PER_LAYOUT = 64
"""A layout must serve this many rows on average to be laid out by itself."""

_Wire = tuple["NDArray[Any]", "NDArray[np.int32]"]
"""Values as they go over the wire and the length of each, −1 for NULL."""
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
    """Rows as bytes: those of one layout (the same fields NULL, texts of one length) at once."""
    wires = [_wire(column) for column in columns]
    layout, first = _layouts(wires)
    if len(first) == 1:
        return _packed(wires, slice(None), 0).tobytes()
    if len(first) * _ROWS_PER_LAYOUT > len(layout):
        return _squeezed(wires)
    rows = np.empty(len(layout), dtype=np.object_)
    for i, row in enumerate(first):
        places = np.flatnonzero(layout == i)
        table = _packed(wires, places, row)
        # a row as one opaque value: of such a list numpy makes bytes with their last zeros
        rows[places] = table.view(f"V{table.dtype.itemsize}").tolist()
    return b"".join(rows.tolist())


def _layouts(wires: Sequence[_Wire]) -> tuple["NDArray[np.int64]", "NDArray[np.int64]"]:
    """The number of each row's layout, and a row of each layout."""
    key, room = np.zeros(len(wires[0][1]), dtype=np.int64), 1
    for payload, length in wires:
        shortest, longest = int(length.min()), int(length.max())
        if shortest == longest:
            continue
        # of a fixed width there are only two lengths
        is_text = payload.dtype.kind == "S"
        digit, base = (
            (length - shortest, longest - shortest + 1) if is_text else (length > shortest, 2)
        )
        if room * base >= _KEYS:
            kinds, key = np.unique(key, return_inverse=True)
            room = len(kinds)
        key, room = key * base + digit, room * base
    _, first, layout = np.unique(key, return_index=True, return_inverse=True)
    return layout, first


def _packed(wires: Sequence[_Wire], rows: "slice | NDArray[np.int64]", like: int) -> "NDArray[Any]":
    """Some rows that all have the layout of the row `like`."""
    lengths = [int(length[like]) for _, length in wires]
    values = [payload[rows] for payload, _ in wires]
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for i, (value, length) in enumerate(zip(values, lengths, strict=True)):
        layout.append((f"length{i}", ">i4"))
        if length > 0:
            layout.append((f"value{i}", f"S{length}" if value.dtype.kind == "S" else value.dtype))
    table = np.empty(len(values[0]), dtype=layout)
    table["fields"] = len(wires)
    for i, (value, length) in enumerate(zip(values, lengths, strict=True)):
        table[f"length{i}"] = length
        if length > 0:
            table[f"value{i}"] = value
    return table


def _squeezed(wires: Sequence[_Wire]) -> bytes:
    """Rows of many layouts: laid out at full width, then without what exceeds each value."""
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for i, (payload, _) in enumerate(wires):
        layout += [(f"length{i}", ">i4"), (f"value{i}", payload.dtype)]
    rows = np.empty(len(wires[0][0]), dtype=np.dtype(layout))
    rows["fields"] = len(wires)
    width = rows.dtype.itemsize
    kept = np.ones((len(rows), width), dtype=np.bool_)
    for i, (payload, length) in enumerate(wires):
        rows[f"length{i}"] = length
        rows[f"value{i}"] = payload
        size, offset = payload.dtype.itemsize, rows.dtype.fields[f"value{i}"][1]  # type: ignore[index]
        kept[:, offset : offset + size] = np.arange(size) < length[:, None]
    return rows.view(np.uint8).reshape(len(rows), width)[kept].tobytes()


def _wire(column: "NDArray[Any]") -> _Wire:
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


def _wire_time(column: "NDArray[Any]") -> _Wire:
    known = ~np.isnat(column)
    if np.datetime_data(column.dtype)[0] == "D":
        return (column - _EPOCH_DAY).astype(">i4"), _lengths(known, 4)
    since = (column.astype("datetime64[us]") - _EPOCH_US).astype(">i8")
    return since, _lengths(known, 8)


def _lengths(known: "NDArray[np.bool_]", size: int) -> "NDArray[np.int32]":
    return np.where(known, np.int32(size), np.int32(-1))
