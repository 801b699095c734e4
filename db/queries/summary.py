"""The head line of each exchange: PCR, max pain, ATM, totals, future, VIX."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.ticks import Source
from db.queries.statements import fetch_one, scalar


class ChainSummary(NamedTuple):
    """One exchange's head line; `sequence` grows with every change of any exchange.

    Time of the index, future, VIX, lot and features are those of `context_at`; OI changes of the
    day count from `prev_close_at`. OI is known of `oi_known` of the `contracts`. `atm_iv_forward`
    is that of the strike nearest to the `forward`. `age_s` is how long ago the database took the
    chain, by its own clock on both sides; a past moment has none, and is its own `updated_at`.
    """

    exchange: str
    timestamp: datetime
    sequence: int
    updated_at: datetime
    contracts: int
    oi_known: int
    expiry: date | None
    atm_strike: float | None
    underlying_price: float | None
    future_price: float | None
    future_oi: int | None
    future_symbol: str | None
    vix: float | None
    pcr: float | None
    pcr_volume: float | None
    max_pain: float | None
    oi_ce: int | None
    oi_pe: int | None
    volume_ce: int | None
    volume_pe: int | None
    straddle: float | None
    atm_iv: float | None
    forward: float | None
    atm_iv_forward: float | None
    itm_oi_ce_pct_change: float | None
    itm_oi_pe_pct_change: float | None
    percent_oichange_fut_3m: float | None
    atm_shift_intensity: float | None
    itm_ce_breadth: float | None
    itm_pe_breadth: float | None
    context_at: datetime | None
    day_open_at: datetime | None
    prev_close_at: datetime | None
    source: Source | None
    age_s: float | None
    underlying_at: datetime | None = None
    lot_size: int | None = None


def summary(connection: Connection, exchange: str) -> ChainSummary | None:
    """The head line of one exchange; None when nothing is known of it."""
    return fetch_one(connection, ChainSummary, "summary", "summary", exchange=exchange)


def max_pain(connection: Connection, exchange: str) -> float | None:
    """The strike at which options would pay least if they expired now."""
    value: float | None = scalar(connection, "summary", "max_pain", {"exchange": exchange})
    return value
