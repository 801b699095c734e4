"""Puts a history into PostgreSQL by binary COPY, the same bytes for every contender."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import sql

from benchmarks.dataset.days import block_of
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.server.databases import Session
from db.market.clock import to_naive_ist
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from db.market.ticks import ChainColumns, EnrichedSnapshot

LEGACY_COLUMNS = (
    "timestamp",
    "exchange",
    "strike",
    "option_type",
    "symbol",
    "oi",
    "ltp",
    "token",
    "underlying_price",
    "moneyness",
    "time_to_expiry_seconds",
    "pct_change_3m",
    "pct_change_5m",
    "pct_change_10m",
    "pct_change_15m",
    "pct_change_30m",
    "iv",
    "volume",
    "best_bid",
    "best_ask",
    "bid_quantity",
    "ask_quantity",
    "spread",
    "order_book_imbalance",
)
"""What the legacy program writes, in its order; `id` and the two times are left to defaults."""

_COPY = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
_TEXTS = frozenset({"exchange", "feature_payload"})
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
    from app.feeds.simulate.columns import chain_columns, snapshot_contexts

    blocks = [block_of(spec, exchange, day) for exchange in EXCHANGES]
    contexts = [snapshot_contexts(block) for block in blocks]
    with session.transaction():
        sent = _copy_chains(session, [chain_columns(block) for block in blocks])
        _copy_features(session, [one for instant in zip(*contexts, strict=True) for one in instant])
        with session.cursor() as cursor:
            cursor.executemany(_UPSERT_METADATA, [_metadata(of_day[-1]) for of_day in contexts])
    return sent


def _copy_chains(session: Session, chains: Sequence["ChainColumns"]) -> int:
    """COPY the legacy columns of a day; the bytes sent."""
    from db.binary_copy import encoded

    names = sql.SQL(", ").join(map(sql.Identifier, LEGACY_COLUMNS))
    statement = _COPY.format(sql.Identifier("option_chain_snapshots"), names)
    sent = 0
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for block in encoded(_by_instant(chains)):
            copy.write(block)
            sent += len(block)
    return sent


def _by_instant(chains: Sequence["ChainColumns"]) -> list["NDArray[Any]"]:
    """The legacy columns of all exchanges, which alternate by instant.

    So the collector commits them, and the order on disk decides how many pages a read touches.
    """
    import numpy as np

    order = np.concatenate([chain.timestamp for chain in chains]).argsort(kind="stable")
    return [
        np.concatenate([_column(chain, name) for chain in chains])[order] for name in LEGACY_COLUMNS
    ]


def _column(chain: "ChainColumns", name: str) -> "NDArray[Any]":
    import numpy as np

    if name == "exchange":
        return np.full(len(chain), chain.exchange.encode())
    values: NDArray[Any] = getattr(chain, name)
    return values.astype(np.int32) if name == "time_to_expiry_seconds" else values


def _copy_features(session: Session, snapshots: Sequence["EnrichedSnapshot"]) -> None:
    from db.ingest.context import feature_row

    rows = [{**feature_row(one), "timestamp": to_naive_ist(one.timestamp)} for one in snapshots]
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    statement = _COPY.format(sql.Identifier("ml_features"), columns)
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([_feature_type(name) for name in rows[0]])
        for row in rows:
            copy.write_row([row[name] for name in rows[0]])


def _feature_type(name: str) -> str:
    if name == "timestamp":
        return "timestamp"
    return "text" if name in _TEXTS else "float8"


def _metadata(newest: "EnrichedSnapshot") -> tuple[Any, ...]:
    """The row of exchange_metadata after one exchange's day."""
    return (
        newest.exchange,
        to_naive_ist(newest.timestamp),
        newest.atm_strike,
        newest.underlying_price,
        newest.future_price,
        newest.future_oi,
    )
