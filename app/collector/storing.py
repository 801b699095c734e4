"""A snapshot into history, and what history holds of its instant already."""

import enum
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.collector.schedule import mark_of
from app.collector.standby import HELD_S
from db.market.ticks import EnrichedSnapshot


class Outcome(enum.Enum):
    """What became of a snapshot that was to be stored."""

    WRITTEN = enum.auto()
    KNOWN = enum.auto()
    EARLY = enum.auto()


def written(
    connection: Connection,
    snapshot: EnrichedSnapshot,
    fence: Callable[[Connection], None] | None = None,
) -> Outcome:
    """Store it; a fence raises what forbids that."""
    from db.ingest import write_snapshot

    write_snapshot(connection, snapshot, fence)
    return Outcome.WRITTEN


def stored_of_mark(
    connection: Connection, snapshot: EnrichedSnapshot, interval_s: int
) -> tuple[datetime, ...]:
    """What history holds of the mark that a snapshot is of; of another collector it may be later.

    Each stores a state that came late under the time it is from.
    """
    from db.queries.snapshots import instants

    mark = mark_of(snapshot.timestamp, interval_s)
    return instants(connection, snapshot.exchange, mark, mark + timedelta(seconds=interval_s))


def is_followed(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Whether history holds this instant, or one that a leader stored after it."""
    from db.queries.snapshots import instants

    at = snapshot.timestamp
    return bool(instants(connection, snapshot.exchange, at, at + timedelta(seconds=HELD_S)))


def is_passed(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Whether history goes on beyond this instant."""
    from db.queries.snapshots import extent

    found = extent(connection, snapshot.exchange)
    return found is not None and found[1] > snapshot.timestamp
