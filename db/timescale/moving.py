"""Moving rollups between the toolkit's engine and continuous aggregates, with all their history.

Rebuilt beside, filled, and put in place one family at a time: readers see the old or the new ones.
A move that was interrupted goes on when run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine, text

from db.timescale.catalog.engine import engine_version
from db.timescale.editions import read_server
from db.timescale.fill import Report, fill, rebuilding, unlimited

Kind = Literal["native", "maintained"]

_ROLLUPS = text(
    """
    SELECT r.spec ->> 'name' AS name,
           r.native AS native,
           r.parent IS NULL AS is_root,
           r.spec ->> 'name' LIKE '%\\_\\_next' AS is_unfinished
    FROM timescale_engine.rollup AS r
    ORDER BY r.id
    """
)
_BEGIN = text(
    """
    SELECT timescale_engine.begin_rebuild(
        (timescale_engine.rollup_named(:name)).spec, CAST(:native AS boolean)
    ) AS name
    """
)
_FINISH = text(
    "SELECT timescale_engine.finish_rebuild((timescale_engine.rollup_named(:name)).spec)"
)


@dataclass(frozen=True, slots=True)
class RollupKind:
    """How a rollup is kept: by TimescaleDB itself or by the toolkit's engine."""

    name: str
    kind: Kind
    is_root: bool


def kinds(connection: Connection) -> Sequence[RollupKind]:
    """Every rollup and how it is kept, sources first."""
    if engine_version(connection) is None:
        return []
    return [
        RollupKind(row.name, "native" if row.native else "maintained", row.is_root)
        for row in connection.execute(_ROLLUPS)
        if not row.is_unfinished
    ]


def move(engine: Engine, kind: Kind, report: Report) -> Sequence[str]:
    """Keeps every rollup the given way; the names of those that were moved.

    Raises UnsupportedError where continuous aggregates are wanted, or still have to be read, on
    a server whose edition has none: away from them, move before the license is changed.
    """
    with (
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        unlimited(connection),
    ):
        moving = [one for one in kinds(connection) if one.kind != kind]
        if moving:
            read_server(connection).require("continuous_aggregate")
        for root in (one for one in moving if one.is_root):
            report(f"{root.name}: moving")
            _rebuild(connection, root.name, kind == "native", report)
        return [one.name for one in moving]


def _rebuild(connection: Connection, name: str, native: bool, report: Report) -> None:
    connection.execute(_BEGIN, {"name": name, "native": native})
    for member in rebuilding(connection, name):
        fill(connection, member, report)
    connection.execute(_FINISH, {"name": name})
