"""A snapshot into history, and what history holds of its instant already."""

import enum
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

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


def is_stored(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Whether history holds this instant."""
    return _holds(connection, snapshot, timedelta(microseconds=1))


def is_followed(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Whether history holds this instant, or one that a leader stored after it."""
    return _holds(connection, snapshot, timedelta(seconds=HELD_S))


def is_passed(connection: Connection, snapshot: EnrichedSnapshot) -> bool:
    """Whether history goes on beyond this instant."""
    from db.queries.snapshots import extent

    found = extent(connection, snapshot.exchange)
    return found is not None and found[1] > snapshot.timestamp


def _holds(connection: Connection, snapshot: EnrichedSnapshot, within: timedelta) -> bool:
    from db.queries.snapshots import instants

    at = snapshot.timestamp
    return bool(instants(connection, snapshot.exchange, at, at + within))
