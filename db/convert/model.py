"""The values a conversion is made of: the blueprint of the new table, the job, options, results."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import time
from enum import StrEnum
from typing import Any, Literal

from psycopg import sql

Direction = Literal["to_hypertable", "to_plain"]

NEW_SCHEMA = "oi_convert_new"
OLD_SCHEMA = "oi_convert_old"
STATE_SCHEMA = "oi_convert"

DEFAULT_NICE = 0.5
"""A third of the time is left to those who use the server."""


class Phase(StrEnum):
    """How far a conversion has come; each step is entered in the transaction that makes it true."""

    PREPARING = "preparing"
    CAPTURING = "capturing"
    COPYING = "copying"
    INDEXING = "indexing"
    VERIFYING = "verifying"
    READY = "ready"
    SWAPPED = "swapped"
    FINISHED = "finished"
    UNDONE = "undone"


BEFORE_SWAP = (
    Phase.PREPARING,
    Phase.CAPTURING,
    Phase.COPYING,
    Phase.INDEXING,
    Phase.VERIFYING,
    Phase.READY,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetIndex:
    """An index of the new table: `tail` follows the table's name in CREATE INDEX, or is the
    definition of the constraint that owns it.
    """

    name: str
    tail: str
    is_unique: bool
    is_constraint: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Blueprint:
    """What the new table is to be.

    `identity` are the columns that tell rows apart on both sides; `is_identity_unique` whether
    the old table proves that they do. `preference` orders duplicates, the best first.
    `chunk_interval_us` is None for a plain table.
    """

    time_column: str
    time_type: str
    identity: tuple[str, ...]
    is_identity_unique: bool
    preference: tuple[str, ...]
    indexes: tuple[TargetIndex, ...]
    chunk_interval_us: int | None = None
    space: tuple[tuple[str, int], ...] = ()
    oldest_first: bool = False
    window_rows: int = 1_000_000

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Blueprint":
        known = dict(value)
        known["indexes"] = tuple(TargetIndex(**index) for index in value["indexes"])
        known["space"] = tuple((column, count) for column, count in value["space"])
        for name in ("identity", "preference"):
            known[name] = tuple(value[name])
        return cls(**known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttle:
    """When and how fast a conversion works: None means no limit.

    `hours` are IST and may pass midnight; `max_lag_s` is the replay lag of the slowest replica;
    `nice` is the rest after each piece of work, as a share of the time it took.
    """

    rows_per_s: int | None = None
    hours: tuple[time, time] | None = None
    max_lag_s: float | None = None
    nice: float = DEFAULT_NICE

    def as_json(self) -> dict[str, Any]:
        hours = [moment.isoformat() for moment in self.hours] if self.hours else None
        return {**asdict(self), "hours": hours}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Throttle":
        hours = value.get("hours")
        return cls(
            rows_per_s=value.get("rows_per_s"),
            hours=(time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours else None,
            max_lag_s=value.get("max_lag_s"),
            nice=value.get("nice", DEFAULT_NICE),
        )

    def is_open(self, moment: time) -> bool:
        """Whether copying is allowed at that time of day."""
        if self.hours is None:
            return True
        start, end = self.hours
        return start <= moment < end if start <= end else moment >= start or moment < end


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One conversion as its row says; `place` ends the names of the schemas it works in."""

    id: int
    table_schema: str
    table_name: str
    direction: Direction
    phase: Phase
    blueprint: Blueprint
    throttle: Throttle
    paused: bool
    hold_swap: bool
    rehearsal: bool
    place: str

    @property
    def label(self) -> str:
        return f"{self.table_schema}.{self.table_name}"

    @property
    def new_schema(self) -> str:
        """Where the new table is made."""
        return NEW_SCHEMA + self.place

    @property
    def old_schema(self) -> str:
        """Where the replaced table is kept."""
        return OLD_SCHEMA + self.place

    @property
    def live(self) -> sql.Identifier:
        """The table that readers and writers use."""
        return sql.Identifier(self.table_schema, self.table_name)

    @property
    def shadow(self) -> sql.Identifier:
        """The new table before the swap."""
        return sql.Identifier(self.new_schema, self.table_name)

    @property
    def replaced(self) -> sql.Identifier:
        """The old table after the swap."""
        return sql.Identifier(self.old_schema, self.table_name)

    def own(self, purpose: str) -> sql.Identifier:
        """A relation or function of this conversion, such as its change log."""
        return sql.Identifier(STATE_SCHEMA, f"{purpose}_{self.id}")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """How a run is made; None keeps what an earlier run of the same conversion had.

    `ahead` are indexes that the new hypertable gets beside the old table's: built before anyone
    uses it, where later they would keep writers of the youngest chunk waiting. Without
    `quarantines` a row that the new table cannot hold stops the run before its swap.
    """

    workers: int = 1
    oldest_first: bool = False
    window_rows: int = 1_000_000
    hold_swap: bool | None = None
    rehearsal: bool = False
    throttle: Throttle | None = None
    ahead: tuple[TargetIndex, ...] = ()
    quarantines: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; `rows` of `total_rows` in this phase, rates over this run."""

    phase: str
    rows: int
    total_rows: int
    rows_per_s: float | None = None
    seconds_left: float | None = None
    note: str = ""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a run did. `seconds` count from the first look to the swap, of this run only."""

    conversion_id: int
    table: str
    direction: Direction
    phase: Phase
    rows: int
    seconds: float
    swap_ms: float | None
    quarantined: int
    phase_seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def rows_per_s(self) -> float | None:
        return self.rows / self.seconds if self.seconds else None
