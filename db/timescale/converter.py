"""What changes a table that holds rows into a hypertable, and back, while it is in use.

`op.create_hypertable` on a populated table asks the converter that `env.py` passed as
`context.configure(timescale_converter=…)`. It is called outside any transaction and works through
connections of its own; it may be killed at any point and is then simply called again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Engine

from db.timescale.specs import HypertableSpec, UniqueKey

OPTION = "timescale_converter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """A plain table and the hypertable it becomes.

    `unique_keys` are made on the hypertable. `drop_constraints` and `drop_indexes` are those of
    the plain table, name → definition as PostgreSQL writes it (`PRIMARY KEY (id)`,
    `CREATE INDEX …`), that the hypertable does not carry; going back restores exactly these.
    Every other index and constraint is carried along.
    """

    spec: HypertableSpec
    unique_keys: tuple[UniqueKey, ...] = ()
    drop_constraints: Mapping[str, str] = field(default_factory=dict)
    drop_indexes: Mapping[str, str] = field(default_factory=dict)


class Converter(Protocol):
    """Online conversion of one table; both directions keep every row."""

    def convert(self, engine: Engine, conversion: Conversion) -> None:
        """Make the plain table a hypertable with the wanted keys; return when it has been swapped.

        A table that is a hypertable already, because an earlier run got that far, is finished
        quietly.
        """

    def has_begun(self, engine: Engine, conversion: Conversion) -> bool:
        """Whether a conversion was begun and is open, or left something; `revert` clears it."""

    def revert(self, engine: Engine, conversion: Conversion) -> None:
        """Make the hypertable a plain table with all rows and the old constraints and indexes."""
