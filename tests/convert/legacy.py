"""A small database as the legacy program leaves it, and the statements that program issues."""

from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from db.timescale.converter import Conversion
from db.timescale.specs import HypertableSpec, UniqueKey

CHAIN = "option_chain_snapshots"
FIRST = datetime(2025, 12, 1, 9, 15)
ROWS = 3 * 40 * 2 * 5 * 2

_SCHEMA = """
CREATE TABLE option_chain_snapshots (
    id SERIAL PRIMARY KEY,
    timestamp TIMESTAMP NOT NULL,
    exchange TEXT NOT NULL,
    strike DOUBLE PRECISION NOT NULL,
    option_type TEXT NOT NULL,
    symbol TEXT NOT NULL,
    oi BIGINT,
    ltp DOUBLE PRECISION,
    token BIGINT NOT NULL,
    underlying_price DOUBLE PRECISION,
    moneyness TEXT,
    time_to_expiry_seconds INTEGER,
    pct_change_3m DOUBLE PRECISION,
    pct_change_5m DOUBLE PRECISION,
    pct_change_10m DOUBLE PRECISION,
    pct_change_15m DOUBLE PRECISION,
    pct_change_30m DOUBLE PRECISION,
    iv DOUBLE PRECISION,
    volume BIGINT,
    best_bid DOUBLE PRECISION,
    best_ask DOUBLE PRECISION,
    bid_quantity DOUBLE PRECISION,
    ask_quantity DOUBLE PRECISION,
    spread DOUBLE PRECISION,
    order_book_imbalance DOUBLE PRECISION,
    created_at TIMESTAMP DEFAULT NOW(),
    updated_at TIMESTAMP DEFAULT NOW(),
    CONSTRAINT chain_natural_key UNIQUE (timestamp, exchange, strike, option_type)
);
CREATE INDEX chain_time_exchange_idx ON option_chain_snapshots (timestamp, exchange);
"""

_ROWS = """
INSERT INTO option_chain_snapshots
    (timestamp, exchange, strike, option_type, symbol, oi, ltp, token, moneyness)
SELECT day + n * INTERVAL '30 seconds', exchange, 24000 + 50 * strike, side,
       exchange || strike || side, 1000 * n + strike, n / 7.0, strike, 'OTM'
FROM generate_series(%(first)s, %(first)s + INTERVAL '2 days', INTERVAL '1 day') day,
     generate_series(0, 39) n,
     unnest(ARRAY['NSE', 'BSE']) exchange,
     generate_series(1, 5) strike,
     unnest(ARRAY['CE', 'PE']) side
"""

SAVE = """
INSERT INTO option_chain_snapshots (
    timestamp, exchange, strike, option_type, symbol, oi, ltp, token, underlying_price,
    moneyness, time_to_expiry_seconds, pct_change_3m, pct_change_5m, pct_change_10m,
    pct_change_15m, pct_change_30m, iv, volume, best_bid, best_ask, bid_quantity,
    ask_quantity, spread, order_book_imbalance, created_at, updated_at
) VALUES (
    '{time}', '{exchange}', {strike}, 'CE', 'NIFTY', {oi}, 101.5, 17, 24010.25,
    'ATM', 86400, 1.0, 2.0, 3.0, 4.0, 5.0, 12.5, 700, 101.4, 101.6, 50, 75, 0.2, -0.2,
    '{time}', '{time}'
)
ON CONFLICT (timestamp, exchange, strike, option_type) DO UPDATE SET
    symbol = EXCLUDED.symbol, oi = EXCLUDED.oi, ltp = EXCLUDED.ltp, token = EXCLUDED.token,
    underlying_price = EXCLUDED.underlying_price, moneyness = EXCLUDED.moneyness,
    time_to_expiry_seconds = EXCLUDED.time_to_expiry_seconds,
    pct_change_3m = EXCLUDED.pct_change_3m, pct_change_5m = EXCLUDED.pct_change_5m,
    pct_change_10m = EXCLUDED.pct_change_10m, pct_change_15m = EXCLUDED.pct_change_15m,
    pct_change_30m = EXCLUDED.pct_change_30m, iv = EXCLUDED.iv, volume = EXCLUDED.volume,
    best_bid = EXCLUDED.best_bid, best_ask = EXCLUDED.best_ask,
    bid_quantity = EXCLUDED.bid_quantity, ask_quantity = EXCLUDED.ask_quantity,
    spread = EXCLUDED.spread, order_book_imbalance = EXCLUDED.order_book_imbalance,
    updated_at = EXCLUDED.updated_at
"""

LATEST = """
SELECT token, oi FROM option_chain_snapshots
WHERE exchange = '{exchange}' AND timestamp = (
    SELECT MAX(timestamp) FROM option_chain_snapshots WHERE exchange = '{exchange}'
)
"""

CLEAN_UP = "DELETE FROM option_chain_snapshots WHERE timestamp < '{time}'"


def conversion(table: str = CHAIN) -> Conversion:
    """What is asked for the chain's history: one-day chunks and the natural key in read order."""
    return Conversion(
        spec=HypertableSpec(table=table, time_column="timestamp", chunk_interval=timedelta(days=1)),
        unique_keys=(
            UniqueKey(
                name="chain_key",
                columns=("exchange", '"timestamp" DESC', "strike", "option_type"),
            ),
        ),
        drop_constraints={
            "option_chain_snapshots_pkey": "PRIMARY KEY (id)",
            "chain_natural_key": 'UNIQUE ("timestamp", exchange, strike, option_type)',
        },
        drop_indexes={
            "chain_time_exchange_idx": (
                "CREATE INDEX chain_time_exchange_idx ON public.option_chain_snapshots "
                'USING btree ("timestamp", exchange)'
            ),
        },
    )


def create(session: psycopg.Connection) -> None:
    """The legacy table with ROWS rows over three days."""
    session.execute(_SCHEMA)
    session.execute(_ROWS, {"first": FIRST})
    session.execute("ANALYZE option_chain_snapshots")


def save(time: datetime, exchange: str, strike: float, oi: int) -> str:
    """The legacy program's save of one row, its timestamps as naive text."""
    return SAVE.format(time=time, exchange=exchange, strike=strike, oi=oi)


def checksum(session: psycopg.Connection, table: str = CHAIN) -> tuple[int, int]:
    """Rows and an order-independent checksum of a chain table."""
    row = session.execute(
        sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(t::TEXT, 0)), 0) FROM {} t").format(
            sql.Identifier(table)
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def definition(session: psycopg.Connection, table: str = CHAIN) -> dict[str, list[str]]:
    """Indexes, constraints and columns of a table as PostgreSQL writes them."""
    queries = {
        "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename = %s AND schemaname = 'public'",
        "constraints": (
            "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = %s::TEXT::REGCLASS AND contype <> 'n'"
        ),
        "columns": (
            "SELECT column_name || ' ' || data_type || ' ' || is_nullable || "
            "coalesce(' ' || column_default, '') FROM information_schema.columns "
            "WHERE table_name = %s AND table_schema = 'public'"
        ),
    }
    return {
        name: sorted(row[0] for row in session.execute(query, [table]).fetchall())
        for name, query in queries.items()
    }


def is_hypertable(session: psycopg.Connection, table: str = CHAIN) -> bool:
    """Whether a table of schema public is a hypertable."""
    row = session.execute(
        "SELECT FROM timescaledb_information.hypertables "
        "WHERE hypertable_schema = 'public' AND hypertable_name = %s",
        [table],
    ).fetchone()
    return row is not None
