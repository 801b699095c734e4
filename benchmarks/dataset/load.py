"""Puts a history into PostgreSQL by binary COPY, the same bytes for every contender."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import Cursor, sql

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


@dataclass(frozen=True, slots=True)
class _Day:
    """A trading day of all exchanges: its chains as binary COPY, and what lies beside them."""

    chains: Sequence[bytes]
    snapshots: Sequence["EnrichedSnapshot"]


def load(session: Session, spec: DatasetSpec, advance: Advance | None = None) -> Load:
    """Load a whole history into the legacy tables, a transaction a day, and vacuum them."""
    started = time.perf_counter()
    sent = 0
    for day in _made_ahead(spec):
        _load_day(session, day)
        sent += sum(map(len, day.chains))
        if advance:
            advance()
    duration_s = time.perf_counter() - started
    for table in ("option_chain_snapshots", "ml_features", "exchange_metadata"):
        session.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
    return Load(spec.rows, sent, duration_s)


def _made_ahead(spec: DatasetSpec) -> Iterator[_Day]:
    """The days of a history; while the server takes one in, the next is made."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(_made, spec, spec.trading_days[0])
        for day in spec.trading_days[1:]:
            ready, coming = coming.result(), maker.submit(_made, spec, day)
            yield ready
        yield coming.result()


def _made(spec: DatasetSpec, day: date) -> _Day:
    from app.feeds.simulate.columns import chain_columns, snapshot_contexts
    from db.binary_copy import encoded

    blocks = [block_of(spec, exchange, day) for exchange in EXCHANGES]
    contexts = [snapshot_contexts(block) for block in blocks]
    return _Day(
        chains=list(encoded(_by_instant([chain_columns(block) for block in blocks]))),
        snapshots=[one for instant in zip(*contexts, strict=True) for one in instant],
    )


def _load_day(session: Session, day: _Day) -> None:
    """Load one trading day of all exchanges in one transaction."""
    names = sql.SQL(", ").join(map(sql.Identifier, LEGACY_COLUMNS))
    statement = _COPY.format(sql.Identifier("option_chain_snapshots"), names)
    with session.transaction(), session.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in day.chains:
                copy.write(block)
        _copy_features(cursor, day.snapshots)
        newest = day.snapshots[-len(EXCHANGES) :]
        cursor.executemany(_UPSERT_METADATA, [_metadata(snapshot) for snapshot in newest])


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


def _copy_features(cursor: Cursor[Any], snapshots: Sequence["EnrichedSnapshot"]) -> None:
    from db.baseline.tables import ml_features
    from db.ingest.context import feature_row

    rows = [{**feature_row(one), "timestamp": to_naive_ist(one.timestamp)} for one in snapshots]
    # the old system's table lacks the columns that came later
    names = [name for name in rows[0] if name in ml_features.c]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = _COPY.format(sql.Identifier("ml_features"), columns)
    with cursor.copy(statement) as copy:
        copy.set_types([_feature_type(name) for name in names])
        for row in rows:
            copy.write_row([row[name] for name in names])


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
