-- What the legacy program sends all day: saves row by row, and the reads of its screens.

-- name: nothing
-- What needs no table and no lock: it waits for the machine alone.
SELECT 1;

-- name: save_row
-- One contract of one snapshot.
INSERT INTO option_chain_snapshots (
    timestamp, exchange, strike, option_type, symbol, oi, ltp, token, underlying_price, moneyness,
    time_to_expiry_seconds, pct_change_3m, pct_change_5m, pct_change_10m, pct_change_15m,
    pct_change_30m, iv, volume, best_bid, best_ask, bid_quantity, ask_quantity, spread,
    order_book_imbalance, created_at, updated_at
)
VALUES (
    %(at)s, %(exchange)s, %(strike)s, %(option_type)s, 'TRAFFIC', %(oi)s, 101.5, %(token)s,
    24010.25, 'OTM', 86400, 1.0, 2.0, 3.0, 4.0, 5.0, 12.5, 700, 101.4, 101.6, 50, 75, 0.2, -0.2,
    %(at)s, %(at)s
)
ON CONFLICT (timestamp, exchange, strike, option_type) DO UPDATE
SET symbol = EXCLUDED.symbol,
    oi = EXCLUDED.oi,
    ltp = EXCLUDED.ltp,
    token = EXCLUDED.token,
    underlying_price = EXCLUDED.underlying_price,
    moneyness = EXCLUDED.moneyness,
    time_to_expiry_seconds = EXCLUDED.time_to_expiry_seconds,
    pct_change_3m = EXCLUDED.pct_change_3m,
    pct_change_5m = EXCLUDED.pct_change_5m,
    pct_change_10m = EXCLUDED.pct_change_10m,
    pct_change_15m = EXCLUDED.pct_change_15m,
    pct_change_30m = EXCLUDED.pct_change_30m,
    iv = EXCLUDED.iv,
    volume = EXCLUDED.volume,
    best_bid = EXCLUDED.best_bid,
    best_ask = EXCLUDED.best_ask,
    bid_quantity = EXCLUDED.bid_quantity,
    ask_quantity = EXCLUDED.ask_quantity,
    spread = EXCLUDED.spread,
    order_book_imbalance = EXCLUDED.order_book_imbalance,
    created_at = EXCLUDED.created_at,
    updated_at = EXCLUDED.updated_at;

-- name: save_features
-- The features of one snapshot.
INSERT INTO ml_features (timestamp, exchange, pcr_total_oi, vix, underlying_price, feature_payload)
VALUES (%(at)s, %(exchange)s, 1.1, 14.2, 24010.25, '{}')
ON CONFLICT (timestamp, exchange) DO UPDATE
SET pcr_total_oi = EXCLUDED.pcr_total_oi,
    vix = EXCLUDED.vix,
    underlying_price = EXCLUDED.underlying_price,
    feature_payload = EXCLUDED.feature_payload;

-- name: save_metadata
-- What the program knows of an exchange.
INSERT INTO exchange_metadata (
    exchange, last_update_time, last_atm_strike, last_underlying_price, updated_at
)
VALUES (%(exchange)s, %(at)s, 24000, 24010.25, %(at)s)
ON CONFLICT (exchange) DO UPDATE
SET last_update_time = EXCLUDED.last_update_time,
    last_atm_strike = EXCLUDED.last_atm_strike,
    last_underlying_price = EXCLUDED.last_underlying_price,
    updated_at = EXCLUDED.updated_at;

-- name: latest_oi
-- OI of the newest snapshot, which the program compares before it saves.
SELECT
    token,
    oi
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT MAX(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
    );

-- name: features
-- Features of a window, as the model reads them.
SELECT *
FROM ml_features
WHERE exchange = %(exchange)s
    AND timestamp >= %(start)s
    AND timestamp <= %(end)s
ORDER BY timestamp;

-- name: latest_vix
-- The newest term structure of an exchange.
SELECT *
FROM vix_term_structure
WHERE exchange = %(exchange)s
ORDER BY timestamp DESC
LIMIT 1;
