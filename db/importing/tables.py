"""The tables that take exports in, and what tells their rows apart."""

from dataclasses import dataclass

from sqlalchemy import Index, Table

from db.errors import InvalidInputError
from db.schema import metadata
from db.timescale.specs import ArchivePolicy, declared

_TABLES = (
    "exchange_metadata",
    "macro_signals",
    "ml_features",
    "option_chain_snapshots",
    "order_book_depth_snapshots",
    "paper_trading_metrics",
    "training_batches",
    "vix_term_structure",
)
_NUMBER = "id"


@dataclass(frozen=True, slots=True)
class Target:
    """A table of the original program as an import sees it.

    `key` is the natural key, empty where there is none; `instant` the column that places a row in
    time; `archive` the table that holds older rows; `feeds_rollups` whether rollups read it.
    """

    table: Table
    key: tuple[str, ...]
    instant: str
    archive: str | None
    feeds_rollups: bool

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> list[str]:
        """What an export may give. A number that is no part of what tells rows apart is not taken.

        Where nothing else does, it is the only thing by which two rows of one instant differ.
        """
        is_numbered_anew = bool(self.key) or _NUMBER in self.table.primary_key.columns
        names = [column.name for column in self.table.columns]
        return [name for name in names if not (is_numbered_anew and name == _NUMBER)]

    @property
    def needed(self) -> list[str]:
        """What an export has to give: columns that are never empty and have no default."""
        return [
            column.name
            for column in self.table.columns
            if not column.nullable and column.server_default is None and column.name != _NUMBER
        ]


def table_named(name: str) -> Target:
    """The target of that name; raises InvalidInputError that names those there are."""
    if name not in _TABLES:
        raise InvalidInputError(
            f"Exports go into the original program's tables, and {name!r} is none of them: "
            f"{', '.join(_TABLES)}."
        )
    table = metadata.tables[name]
    archives = {policy.table: policy.archive_table for policy in declared(metadata, ArchivePolicy)}
    return Target(
        table=table,
        key=_natural_key(table),
        instant=next(c.name for c in table.columns if c.name in _INSTANTS),
        archive=archives.get(name),
        feeds_rollups=name in _FEEDING,
    )


_INSTANTS = ("timestamp", "last_update_time", "start_timestamp")
# the chain itself, and the future's price beside its totals
_FEEDING = ("option_chain_snapshots", "ml_features")


def _natural_key(table: Table) -> tuple[str, ...]:
    unique = next(filter(_is_unique, table.indexes), None)
    names = unique.columns.keys() if unique is not None else table.primary_key.columns.keys()
    return () if names == [_NUMBER] else tuple(names)


def _is_unique(index: Index) -> bool:
    return bool(index.unique)
