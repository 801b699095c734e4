"""Puts a history into PostgreSQL by binary COPY, the same bytes for every contender."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import sql

from benchmarks.dataset.encode import HEADER, LEGACY_COLUMNS, TRAILER, encode_day
from benchmarks.dataset.features import COLUMNS, feature_rows, metadata_row
from benchmarks.dataset.market import chain_day
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.server.databases import Session
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from db.market.ticks import ChainColumns

_COPY = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
_FEATURE_TYPES = ("timestamp", "text", *["float8"] * (len(COLUMNS) - 3), "text")
_UPSERT_METADATA = """
    INSERT INTO exchange_metadata (
        exchange, last_update_time, last_atm_strike, last_underlying_price, last_future_price,
        last_future_oi
    )
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (exchange) DO UPDATE
    SET last_update_time = EXCLUDED.last_update_time,
        last_atm_strike = EXCLUDED.last_atm_strike,
        last_underlying_price = EXCLUDED.last_underlying_price,
        last_future_price = EXCLUDED.last_future_price,
        last_future_oi = EXCLUDED.last_future_oi
"""


class Advance(Protocol):
    """Told after each loaded day."""

    def __call__(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Load:
    """What a load wrote and how long it took, client and server together."""

    rows: int
    bytes_sent: int
    duration_s: float

    @property
    def rows_per_s(self) -> float:
        """Rows of the chain a second."""
        return self.rows / self.duration_s


def load(session: Session, spec: DatasetSpec, advance: Advance | None = None) -> Load:
    """Load a whole history into the legacy tables, a transaction a day, and vacuum them."""
    started = time.perf_counter()
    sent = 0
    for day in spec.trading_days:
        sent += load_day(session, spec, day)
        if advance:
            advance()
    duration_s = time.perf_counter() - started
    for table in ("option_chain_snapshots", "ml_features", "exchange_metadata"):
        session.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
    return Load(spec.rows, sent, duration_s)


def load_day(session: Session, spec: DatasetSpec, day: date) -> int:
    """Load one trading day of all exchanges in one transaction; the bytes sent."""
    chains = [chain_day(spec, exchange, day) for exchange in EXCHANGES]
    with session.transaction():
        sent = copy_chains(session, "option_chain_snapshots", [chains])
        _copy_features(session, chains)
        with session.cursor() as cursor:
            cursor.executemany(_UPSERT_METADATA, [metadata_row(chain) for chain in chains])
    return sent


def copy_chains(
    session: Session,
    table: str,
    days: Sequence[Sequence["ChainColumns"]],
    *,
    columns: Sequence[str] = LEGACY_COLUMNS,
) -> int:
    """COPY days of chains into a table of the legacy columns; the bytes sent."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = _COPY.format(sql.Identifier(*table.split(".")), names)
    sent = 0
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for block in _stream(days, columns):
            copy.write(block)
            sent += len(block)
    return sent


def _stream(days: Sequence[Sequence["ChainColumns"]], columns: Sequence[str]) -> Iterator[bytes]:
    yield HEADER
    for chains in days:
        yield from encode_day(chains, columns)
    yield TRAILER


def _copy_features(session: Session, chains: Sequence["ChainColumns"]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    statement = _COPY.format(sql.Identifier("ml_features"), names)
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(_FEATURE_TYPES)
        for row in _by_instant(chains):
            copy.write_row(row)


def _by_instant(chains: Sequence["ChainColumns"]) -> Iterator[Sequence[Any]]:
    for instant in zip(*(feature_rows(chain) for chain in chains), strict=True):
        yield from instant
