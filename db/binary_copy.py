"""PostgreSQL's binary COPY format made from numpy columns, hundreds of thousands of rows a second.

Format: https://www.postgresql.org/docs/current/sql-copy.html (binary format); the wire form of
each type is that of its receive function.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from db.market.limits import CHANGE_MINUTES
from db.market.ticks import ChainColumns, EnrichedColumns, OptionColumns, StoredColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _by_type(kind: type[OptionColumns]) -> tuple[str, ...]:
    """Fields with those of one type beside each other, which are then encoded at once."""
    found = sorted(fields(kind), key=lambda each: (str(each.type), each.name))
    return tuple(each.name for each in found)


COPY_FIELDS = ("timestamp", "exchange", *_by_type(StoredColumns))
"""Columns of option_chain_snapshots in the order `encoded_chain` writes them."""

COPY_EDGE_FIELDS = _by_type(EnrichedColumns)
"""Columns of the staged chain in the order `encoded_edge` writes them."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_US = np.datetime64("2000-01-01", "us")
_EPOCH_DAY = np.datetime64("2000-01-01", "D")
_BLOCK_ROWS = 20_000
_UNITS = frozenset(f"oi_change_{minutes}m" for minutes in CHANGE_MINUTES)


def encoded_chain(columns: ChainColumns) -> Iterator[bytes]:
    """A whole COPY … (COPY_FIELDS) FROM STDIN (FORMAT binary), in pieces of a few megabytes."""
    exchange = np.full(len(columns), columns.exchange.encode())
    stored = (_column(columns, name) for name in COPY_FIELDS[2:])
    return encoded([columns.timestamp, exchange, *stored])


def encoded_edge(columns: EnrichedColumns) -> Iterator[bytes]:
    """A whole COPY … (COPY_EDGE_FIELDS) FROM STDIN (FORMAT binary)."""
    return encoded([_column(columns, name) for name in COPY_EDGE_FIELDS])


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


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Values of some columns (rows, columns) as they go over the wire, and the length of each.

    A length is −1 for NULL, and no more than the width of the values.
    """

    value: "NDArray[Any]"
    length: "NDArray[np.int32]"

    @property
    def size(self) -> int:
        return self.value.dtype.itemsize

    @property
    def is_full(self) -> bool:
        """Whether every value takes its whole width."""
        return bool((self.length == self.size).all())

    def layout(self, length: str, value: Any) -> tuple[Any, ...]:
        return [("length", length), ("value", value)], self.value.shape[1:]

    def kept(self) -> "NDArray[Any]":
        """Ones in the bytes of each value that are sent, zeros in the others."""
        if self.value.dtype.kind == "S":
            return (np.arange(self.size) < self.length[..., None]).astype(np.uint8)
        ones = np.array(int.from_bytes(b"\x01" * self.size), dtype=f"u{self.size}")
        return np.where(self.length > 0, ones, 0)


def _block(columns: Sequence["NDArray[Any]"]) -> bytes:
    """Rows of a piece; neighbouring columns of one type are laid out at once."""
    parts = [_part(list(group)) for _, group in groupby(columns, key=_kind)]
    rows = _laid_out(len(columns[0]), [part.layout(">i4", part.value.dtype) for part in parts])
    rows["fields"] = len(columns)
    for i, part in enumerate(parts):
        rows[f"part{i}"]["length"] = part.length
        rows[f"part{i}"]["value"] = part.value
    return rows.tobytes() if all(part.is_full for part in parts) else _compacted(rows, parts)


def _compacted(rows: "NDArray[Any]", parts: Sequence[_Part]) -> bytes:
    """The rows as bytes, without what fixed widths hold beyond each value's own length."""
    kept = [part.kept() for part in parts]
    # as wide as the rows, byte for byte
    widths = [
        part.layout("u4", ("u1", (part.size,)) if part.value.dtype.kind == "S" else k.dtype)
        for part, k in zip(parts, kept, strict=True)
    ]
    mask = _laid_out(len(rows), widths)
    mask["fields"] = 0x0101
    for i, ones in enumerate(kept):
        mask[f"part{i}"]["length"] = 0x01010101
        mask[f"part{i}"]["value"] = ones
    return rows.view(np.uint8)[mask.view(np.bool_)].tobytes()


def _laid_out(count: int, parts: Sequence[tuple[Any, ...]]) -> "NDArray[Any]":
    layout: list[Any] = [("fields", ">i2")]
    layout += [(f"part{i}", *part) for i, part in enumerate(parts)]
    return np.empty(count, dtype=np.dtype(layout))


def _kind(column: "NDArray[Any]") -> tuple[str, bool, int]:
    """What columns have in common that are laid out at once; a text has a width of its own."""
    alone = id(column) if column.dtype.kind == "S" else 0
    return column.dtype.str, isinstance(column, np.ma.MaskedArray), alone


def _part(columns: Sequence["NDArray[Any]"]) -> _Part:
    """Columns of one type, side by side."""
    dtype = columns[0].dtype
    if isinstance(columns[0], np.ma.MaskedArray) and dtype.kind == "i":
        known = ~np.stack([np.ma.getmaskarray(column) for column in columns], axis=1)
        values = np.stack([column.data for column in columns], axis=1)
        return _fixed(values.astype(f">i{dtype.itemsize}"), known)
    values = np.stack(columns, axis=1)
    if dtype.kind == "f" and dtype.itemsize == 8:
        return _fixed(values.astype(">f8"), ~np.isnan(values))
    if dtype.kind == "i" and dtype.itemsize in (4, 8):
        return _fixed(values.astype(f">i{dtype.itemsize}"), values != -1)
    if dtype.kind == "M":
        return _times(values)
    if dtype.kind == "S":
        length = np.char.str_len(values).astype(np.int32)
        return _Part(values, np.where(length == 0, np.int32(-1), length))
    raise TypeError(f"no binary form is known for a column of {dtype}")


def _times(values: "NDArray[np.datetime64]") -> _Part:
    known = ~np.isnat(values)
    if np.datetime_data(values.dtype)[0] == "D":
        return _fixed((values - _EPOCH_DAY).astype(">i4"), known)
    return _fixed((values.astype("datetime64[us]") - _EPOCH_US).astype(">i8"), known)


def _fixed(values: "NDArray[Any]", known: "NDArray[np.bool_]") -> _Part:
    size = values.dtype.itemsize
    return _Part(values, np.where(known, np.int32(size), np.int32(-1)))
