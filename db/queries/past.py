"""Past moments: what belongs to one beside its chain, and which days and expiries are stored."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import orjson
from sqlalchemy import Connection

from db.market.clock import IST, to_naive_ist
from db.market.ticks import OptionType, Source
from db.queries.statements import fetch, fetch_one, scalar

Key = tuple[float, OptionType]


class StoredDay(NamedTuple):
    """A day of which history holds snapshots: the first, the last, and how many."""

    day: date
    start: datetime
    end: datetime
    snapshots: int


class Context(NamedTuple):
    """What was told of an instant beside its contracts."""

    underlying_price: float | None = None
    future_price: float | None = None
    future_oi: int | None = None
    vix: float | None = None
    itm_oi_ce_pct_change: float | None = None
    itm_oi_pe_pct_change: float | None = None
    percent_oichange_fut_3m: float | None = None
    atm_shift_intensity: float | None = None
    itm_ce_breadth: float | None = None
    itm_pe_breadth: float | None = None
    feature_payload: str | None = None

    @property
    def told(self) -> "Told":
        """What its writer told that has no column; nothing where another one wrote it."""
        try:
            told = orjson.loads(self.feature_payload or "{}")["told"]
            at = told.get("underlying_at")
            return Told(
                told.get("source"),
                told.get("future_symbol"),
                None if at is None else datetime.fromisoformat(at).replace(tzinfo=IST),
                told.get("lot_size"),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return Told()


class Told(NamedTuple):
    """What an instant's head line said beside its figures."""

    source: Source | None = None
    future_symbol: str | None = None
    underlying_at: datetime | None = None
    lot_size: int | None = None


class _Changed(NamedTuple):
    strike: float
    option_type: OptionType
    oi_at: datetime


class ContractOi(NamedTuple):
    """Open interest of a contract at an instant, in units."""

    timestamp: datetime
    strike: float
    option_type: OptionType
    expiry: date | None
    oi: int | None


class _Instant(NamedTuple):
    timestamp: datetime | None


def stored_days(connection: Connection, exchange: str) -> tuple[StoredDay, ...]:
    """Every day of an exchange's history, ascending."""
    return fetch(connection, StoredDay, "past", "days", exchange=exchange)


def first_outside_archive(connection: Connection, exchange: str) -> datetime | None:
    """The oldest instant that is not in the archive; None where all are."""
    found = fetch_one(connection, _Instant, "past", "first_outside_archive", exchange=exchange)
    return None if found is None else found.timestamp


def context_at(connection: Connection, exchange: str, at: datetime) -> Context:
    """What was told of the snapshot taken exactly at `at` (aware)."""
    return fetch_one(connection, Context, "past", "context", exchange=exchange, at=at) or Context()


def oi_at(
    connection: Connection, exchange: str, instants: Sequence[datetime]
) -> Mapping[datetime, Mapping[Key, ContractOi]]:
    """OI of each contract at exact instants (aware) of one day, from the archive if it is there."""
    if not instants:
        return {}
    binds = {
        "exchange": exchange,
        "start": min(instants),
        "end": max(instants),
        "instants": [to_naive_ist(instant) for instant in instants],
    }
    found = _by_instant(fetch(connection, ContractOi, "past", "oi_at", **binds))
    if len(found) == len(set(instants)):
        return found
    # a day may be brought back from the archive in part
    return _by_instant(fetch(connection, ContractOi, "past", "archived_oi_at", **binds))


def oi_changed(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> Mapping[Key, datetime]:
    """When OI of each contract changed last from `start` to `end` (aware), where it did at all."""
    binds = {"exchange": exchange, "start": start, "end": end}
    rows = fetch(connection, _Changed, "past", "oi_changed", **binds) or fetch(
        connection, _Changed, "past", "archived_oi_changed", **binds
    )
    return {(row.strike, row.option_type): row.oi_at for row in rows}


def _by_instant(rows: Iterable[ContractOi]) -> dict[datetime, dict[Key, ContractOi]]:
    found: dict[datetime, dict[Key, ContractOi]] = {}
    for row in rows:
        found.setdefault(row.timestamp, {})[row.strike, row.option_type] = row
    return found


def expiry_at(connection: Connection, exchange: str, at: datetime) -> date | None:
    """Of which expiry the chain taken exactly at `at` (aware) was."""
    binds = {"exchange": exchange, "at": at}
    found: date | None = scalar(connection, "past", "expiry_at", binds)
    return found
