"""Option chains: newest of one or all exchanges, at any instant, and by strike."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.clock import expiry_from_seconds
from db.market.ticks import OptionType
from db.queries.chunks import fetch_of_chunk, forget_chunk, learn_chunk
from db.queries.snapshots import instant_at
from db.queries.statements import fetch, scalar


class StoredOption(NamedTuple):
    """A contract as history holds it; units as in db.market.ticks.EnrichedOption."""

    timestamp: datetime
    strike: float
    option_type: OptionType
    symbol: str
    token: int
    expiry: date | None
    oi: int | None
    ltp: float | None
    volume: int | None
    underlying_price: float | None
    moneyness: str | None
    time_to_expiry_seconds: int | None
    pct_change_3m: float | None
    pct_change_5m: float | None
    pct_change_10m: float | None
    pct_change_15m: float | None
    pct_change_30m: float | None
    iv: float | None
    best_bid: float | None
    best_ask: float | None
    bid_quantity: float | None
    ask_quantity: float | None
    spread: float | None
    order_book_imbalance: float | None


class LatestOption(NamedTuple):
    """A contract of the newest chain; `oi_change_*` in units, `prev_close_oi` the day before's.

    `oi_at` is when its OI changed last, None until it was seen to.
    """

    exchange: str
    timestamp: datetime
    strike: float
    option_type: OptionType
    symbol: str
    token: int
    expiry: date | None
    oi: int | None
    ltp: float | None
    volume: int | None
    underlying_price: float | None
    moneyness: str | None
    time_to_expiry_seconds: int | None
    pct_change_3m: float | None
    pct_change_5m: float | None
    pct_change_10m: float | None
    pct_change_15m: float | None
    pct_change_30m: float | None
    iv: float | None
    best_bid: float | None
    best_ask: float | None
    bid_quantity: float | None
    ask_quantity: float | None
    spread: float | None
    order_book_imbalance: float | None
    oi_change_3m: int | None
    oi_change_5m: int | None
    oi_change_10m: int | None
    oi_change_15m: int | None
    oi_change_30m: int | None
    day_open_oi: int | None
    prev_close_oi: int | None
    iv_forward: float | None
    theoretical_price: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    oi_at: datetime | None = None


class OiChange(NamedTuple):
    """OI of a contract now and its change over 3 to 30 minutes, in units and percent."""

    timestamp: datetime
    strike: float
    option_type: OptionType
    oi: int | None
    oi_change_3m: int | None
    oi_change_5m: int | None
    oi_change_10m: int | None
    oi_change_15m: int | None
    oi_change_30m: int | None
    pct_change_3m: float | None
    pct_change_5m: float | None
    pct_change_10m: float | None
    pct_change_15m: float | None
    pct_change_30m: float | None
    day_open_oi: int | None
    prev_close_oi: int | None


class StrikeOi(NamedTuple):
    """OI of both sides of a strike, in units."""

    strike: float
    oi_ce: int | None
    oi_pe: int | None


def latest_chain(connection: Connection, exchange: str) -> tuple[LatestOption, ...]:
    """The newest chain of an exchange by strike and side; empty when none is known."""
    return fetch(connection, LatestOption, "chain", "latest_chain", exchange=exchange)


def latest_chains(connection: Connection) -> tuple[LatestOption, ...]:
    """The newest chains of all exchanges."""
    return fetch(connection, LatestOption, "chain", "latest_chains")


def chain_as_of(connection: Connection, exchange: str, at: datetime) -> tuple[StoredOption, ...]:
    """The chain that was the newest at `at` (aware); empty before the first snapshot."""
    found = fetch_of_chunk(connection, StoredOption, "chain_as_of", exchange, at)
    if found:
        return found
    instant = instant_at(connection, exchange, at)
    return () if instant is None else chain_at(connection, exchange, instant)


def chain_at(connection: Connection, exchange: str, at: datetime) -> tuple[StoredOption, ...]:
    """The chain of the snapshot taken exactly at `at` (aware), from the archive if it is there."""
    learn_chunk(connection, exchange, at)
    found = fetch_of_chunk(connection, StoredOption, "chain_at", exchange, at)
    if found:
        return found
    key = {"exchange": exchange, "at": at}
    found = fetch(connection, StoredOption, "chain", "chain_at", **key)
    if found:
        # elsewhere than where the day was thought to be
        forget_chunk(connection, at)
    return found or fetch(connection, StoredOption, "chain", "archived_chain_at", **key)


def expiry_of(row: StoredOption) -> date | None:
    """When a stored contract expires, by its seconds left where its row holds no date."""
    if row.expiry is not None or row.time_to_expiry_seconds is None:
        return row.expiry
    return expiry_from_seconds(row.timestamp, row.time_to_expiry_seconds)


def expiry_at(connection: Connection, exchange: str, at: datetime) -> date | None:
    """When the contracts of the snapshot taken exactly at `at` (aware) expire; None if unknown."""
    key = {"exchange": exchange, "at": at}
    found: date | None = scalar(connection, "chain", "expiry_at", key) or scalar(
        connection, "chain", "archived_expiry_at", key
    )
    return found


def oi_changes(connection: Connection, exchange: str) -> tuple[OiChange, ...]:
    """OI of every contract of the newest chain with its changes."""
    return fetch(connection, OiChange, "chain", "oi_changes", exchange=exchange)


def oi_by_strike(connection: Connection, exchange: str) -> tuple[StrikeOi, ...]:
    """OI of the newest chain, a row a strike."""
    return fetch(connection, StrikeOi, "chain", "oi_by_strike", exchange=exchange)
