"""A database as the legacy program leaves it, and the SQL the program issues."""

from datetime import datetime, timedelta

import psycopg
from sqlalchemy import URL, create_engine

from db.baseline.tables import metadata
from tests.support.databases import connection

START = datetime(2026, 11, 19, 15, 0)
DAYS = (START, START + timedelta(days=1))
STRIKES = range(25_900, 26_150, 50)
EXCHANGES = ("NSE", "BSE")
SNAPSHOTS_A_DAY = 8

SAVE = """
    INSERT INTO option_chain_snapshots (
        timestamp, exchange, strike, option_type, symbol, oi, ltp, token, underlying_price,
        moneyness, time_to_expiry_seconds, pct_change_3m, pct_change_5m, pct_change_10m,
        pct_change_15m, pct_change_30m, iv, volume, best_bid, best_ask, bid_quantity,
        ask_quantity, spread, order_book_imbalance, created_at, updated_at
    )
    VALUES (
        %(timestamp)s, %(exchange)s, %(strike)s, %(option_type)s, %(symbol)s, %(oi)s, %(ltp)s,
        %(token)s, %(underlying_price)s, 'OTM', 600000, NULL, NULL, NULL, NULL, NULL, 11.5,
        %(volume)s, 9, 10, 50, 60, 1, 0.1, now(), now()
    )
    ON CONFLICT (timestamp, exchange, strike, option_type) DO UPDATE SET
        symbol = EXCLUDED.symbol, oi = EXCLUDED.oi, ltp = EXCLUDED.ltp, token = EXCLUDED.token,
        underlying_price = EXCLUDED.underlying_price, moneyness = EXCLUDED.moneyness,
        time_to_expiry_seconds = EXCLUDED.time_to_expiry_seconds,
        pct_change_3m = EXCLUDED.pct_change_3m, iv = EXCLUDED.iv, volume = EXCLUDED.volume,
        best_bid = EXCLUDED.best_bid, best_ask = EXCLUDED.best_ask, updated_at = now()
"""
SAVE_FEATURES = """
    INSERT INTO ml_features (timestamp, exchange, pcr_total_oi, vix, underlying_future_price)
    VALUES (%(timestamp)s, %(exchange)s, %(pcr)s, 12.5, %(future)s)
    ON CONFLICT (timestamp, exchange) DO UPDATE SET
        pcr_total_oi = EXCLUDED.pcr_total_oi, vix = EXCLUDED.vix,
        underlying_future_price = EXCLUDED.underlying_future_price
"""
LATEST = """
    SELECT token, oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
      AND timestamp = (
          SELECT MAX(timestamp) FROM option_chain_snapshots WHERE exchange = %(exchange)s
      )
"""


def legacy_tables(url: URL) -> None:
    """Create the legacy tables, empty."""
    engine = create_engine(url)
    with engine.begin() as session:
        metadata.create_all(session)
    engine.dispose()


def legacy_database(url: URL) -> None:
    """Create the legacy tables with two afternoons of two exchanges and a row in the others."""
    legacy_tables(url)
    with connection(url) as session, session.transaction():
        for day in DAYS:
            for number in range(SNAPSHOTS_A_DAY):
                for exchange in EXCHANGES:
                    save(session, exchange, day + timedelta(seconds=30 * number), number)
        _other_tables(session)


def save(session: psycopg.Connection, exchange: str, at: datetime, number: int) -> None:
    """One save of the legacy program: a row at a time, then the features."""
    moment = f"{at:%Y-%m-%d %H:%M:%S}"
    for position, strike in enumerate(STRIKES):
        for option_type in ("CE", "PE"):
            session.execute(
                SAVE,
                {
                    "timestamp": moment,
                    "exchange": exchange,
                    "strike": strike,
                    "option_type": option_type,
                    "symbol": f"{exchange}{strike}{option_type}",
                    "oi": 1000 * (position + 1) + 10 * number + (option_type == "PE"),
                    "ltp": 100.0 + position,
                    "token": 2 * position + (option_type == "PE"),
                    "underlying_price": 26010.0 + number,
                    "volume": 5 * number,
                },
            )
    session.execute(
        SAVE_FEATURES,
        {"timestamp": moment, "exchange": exchange, "pcr": 1.0, "future": 26100.0 + number},
    )


def _other_tables(session: psycopg.Connection) -> None:
    session.execute(
        "INSERT INTO exchange_metadata (exchange, last_update_time) VALUES ('NSE', %s)", [START]
    )
    session.execute(
        """
        INSERT INTO training_batches (exchange, start_timestamp, end_timestamp, model_hash)
        VALUES ('NSE', %s, %s, 'abc')
        """,
        [START, DAYS[1]],
    )
    session.execute(
        "INSERT INTO vix_term_structure (timestamp, exchange, current_vix) VALUES (%s, 'NSE', 12)",
        [START],
    )
    session.execute(
        "INSERT INTO macro_signals (timestamp, exchange, usdinr) VALUES (%s, 'NSE', 89.7)", [START]
    )
    session.execute(
        """
        INSERT INTO order_book_depth_snapshots (timestamp, exchange, depth_buy_total)
        VALUES (%s, 'NSE', 5)
        """,
        [START],
    )
    session.execute(
        """
        INSERT INTO paper_trading_metrics (timestamp, exchange, executed)
        VALUES (%s, 'NSE', true)
        """,
        [START],
    )


def contents(url: URL) -> dict[str, list[tuple]]:
    """Every row of the legacy columns of every legacy table, sorted as text."""
    found = {}
    with connection(url) as session:
        for table in metadata.sorted_tables:
            query = psycopg.sql.SQL("SELECT {} FROM {}").format(
                psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(c.name) for c in table.columns),
                psycopg.sql.Identifier(table.name),
            )
            found[table.name] = sorted(session.execute(query).fetchall(), key=str)
    return found
