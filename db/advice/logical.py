"""Indexes as a DBA thinks of them: one for a hypertable, summed over the chunks that carry it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, text

from db.timescale.sqltext import Fragment, ident, named_statements

_PAGE_BYTES = 8192
_FILL = 0.9
# item pointer, tuple header and alignment of one B-tree entry
# https://www.postgresql.org/docs/current/btree.html
_ENTRY_OVERHEAD_BYTES = 16
# one constant is printed as (25)::double precision on the hypertable, '25'::… on its chunks
_CAST_NUMBER = re.compile(r"\((-?[\d.]+)\)::|'(-?[\d.]+)'::")


class PhysicalIndex(NamedTuple):
    """One index relation as the catalog has it; sizes in bytes."""

    root_schema: str
    root_name: str
    on_chunk: bool
    index_schema: str
    index_name: str
    method: str
    is_unique: bool
    is_valid: bool
    is_constraint: bool
    shape: str
    key_columns: list[str]
    options: str
    operator_classes: str
    predicate: str | None
    is_covering: bool
    size_bytes: int
    scans: int
    last_scan: datetime | None
    row_count: float
    key_width_bytes: float | None

    @property
    def statement_name(self) -> Fragment:
        """Its schema-qualified, quoted name."""
        return Fragment(f"{ident(self.index_schema)}.{ident(self.index_name)}")

    @property
    def least_bytes(self) -> float | None:
        """About what it would take when built anew; None where that cannot be estimated."""
        if self.method != "btree" or self.key_width_bytes is None or self.row_count < 1:
            return None
        entries = self.row_count * (self.key_width_bytes + _ENTRY_OVERHEAD_BYTES)
        return entries / _FILL + _PAGE_BYTES


@dataclass(frozen=True)
class LogicalIndex:
    """An index of a table, or of a hypertable with its copies on the chunks."""

    root: PhysicalIndex
    chunks: tuple[PhysicalIndex, ...] = ()

    @property
    def table(self) -> str:
        return f"{self.root.root_schema}.{self.root.root_name}"

    @property
    def name(self) -> str:
        return self.root.index_name

    @property
    def parts(self) -> tuple[PhysicalIndex, ...]:
        """All relations that hold entries."""
        return (self.root, *self.chunks)

    @property
    def scans(self) -> int:
        return sum(part.scans for part in self.parts)

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    @property
    def last_scan(self) -> datetime | None:
        return max((part.last_scan for part in self.parts if part.last_scan), default=None)


def logical_indexes(connection: Connection) -> tuple[LogicalIndex, ...]:
    """Every index of the users' tables, those of chunks under that of their hypertable."""
    query = text(named_statements("db.advice", "indexes.sql")["physical_indexes"])
    physical = [PhysicalIndex._make(row) for row in connection.execute(query)]
    return tuple(_assembled(physical))


def statistics_days(connection: Connection) -> float:
    """For how many days the server has counted index scans."""
    query = text(named_statements("db.advice", "indexes.sql")["statistics_age"])
    return float(connection.execute(query).scalar_one() or 0.0)


def _assembled(physical: Iterable[PhysicalIndex]) -> Iterator[LogicalIndex]:
    """Chunk indexes go to the root index of the same shape: their names are cut and numbered."""
    for _, found in groupby(physical, key=lambda index: (index.root_schema, index.root_name)):
        of_table = list(found)
        copies = [index for index in of_table if index.on_chunk]
        for root in (index for index in of_table if not index.on_chunk):
            yield LogicalIndex(root, _copies_of(root, copies))


def _copies_of(root: PhysicalIndex, copies: Sequence[PhysicalIndex]) -> tuple[PhysicalIndex, ...]:
    return tuple(copy for copy in copies if _signature(copy) == _signature(root))


def _signature(index: PhysicalIndex) -> tuple[bool, str]:
    return index.is_unique, _CAST_NUMBER.sub(r"\1\2::", index.shape)
