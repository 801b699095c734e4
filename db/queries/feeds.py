"""What the feed of each exchange key is at, as its collector tells."""

from typing import NamedTuple

from sqlalchemy import Connection

from db.queries.statements import fetch


class FeedState(NamedTuple):
    """One key's feed in a word and, for people, a sentence; told `unheard_s` seconds ago."""

    exchange: str
    state: str
    sentence: str | None
    unheard_s: float


def feed_states(connection: Connection) -> tuple[FeedState, ...]:
    """That of every key of which a collector ever told."""
    return fetch(connection, FeedState, "feeds", "feed_states")


class CollectorLease(NamedTuple):
    """Who writes a key's chain; the lease was renewed `renewed_s` seconds ago."""

    exchange: str
    holder: str
    renewed_s: float


def collector_leases(connection: Connection) -> tuple[CollectorLease, ...]:
    """That of every key that a live collector ever wrote."""
    return fetch(connection, CollectorLease, "feeds", "collector_leases")


class ChainAge(NamedTuple):
    """How long ago the newest state of a key's chain was taken, by the database's own clock."""

    exchange: str
    source: str | None
    age_s: float


def chain_ages(connection: Connection) -> tuple[ChainAge, ...]:
    """That of every key of which there is a chain."""
    return fetch(connection, ChainAge, "feeds", "chain_ages")
