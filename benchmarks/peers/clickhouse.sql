-- The questions in ClickHouse's words; texts and instants are bound as typed parameters.

-- name: create
CREATE TABLE option_chain_snapshots (
    timestamp DateTime64(6, 'UTC'),
    exchange LowCardinality(String),
    strike Float64,
    option_type LowCardinality(String),
    symbol LowCardinality(String),
    token Int64,
    oi Int64,
    ltp Float64,
    volume Int64,
    iv Float64,
    moneyness LowCardinality(String),
    time_to_expiry_seconds Int64,
    underlying_price Float64,
    pct_change_3m Nullable(Float64),
    pct_change_5m Nullable(Float64),
    pct_change_10m Nullable(Float64),
    pct_change_15m Nullable(Float64),
    pct_change_30m Nullable(Float64),
    best_bid Float64,
    best_ask Float64,
    bid_quantity Float64,
    ask_quantity Float64,
    spread Float64,
    order_book_imbalance Float64
)
ENGINE = MergeTree
ORDER BY (exchange, timestamp, strike, option_type);

-- name: fill
INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, symbol, token, oi, ltp, volume, iv, moneyness, time_to_expiry_seconds, underlying_price, pct_change_3m, pct_change_5m, pct_change_10m, pct_change_15m, pct_change_30m, best_bid, best_ask, bid_quantity, ask_quantity, spread, order_book_imbalance)
SELECT
    timestamp,
    exchange,
    strike,
    option_type,
    symbol,
    token,
    oi,
    ltp,
    volume,
    iv,
    moneyness,
    time_to_expiry_seconds,
    underlying_price,
    pct_change_3m,
    pct_change_5m,
    pct_change_10m,
    pct_change_15m,
    pct_change_30m,
    best_bid,
    best_ask,
    bid_quantity,
    ask_quantity,
    spread,
    order_book_imbalance
FROM file({files:String}, Parquet);

-- name: merge
OPTIMIZE TABLE option_chain_snapshots FINAL;

-- name: latest_chain
SELECT
    strike,
    option_type,
    symbol,
    token,
    timestamp,
    oi,
    ltp,
    volume,
    iv,
    moneyness,
    time_to_expiry_seconds,
    underlying_price,
    pct_change_3m,
    pct_change_5m,
    pct_change_10m,
    pct_change_15m,
    pct_change_30m,
    best_bid,
    best_ask,
    bid_quantity,
    ask_quantity,
    spread,
    order_book_imbalance
FROM option_chain_snapshots
WHERE exchange = {exchange:String}
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
    )
ORDER BY strike, option_type;

-- name: latest_chains
SELECT
    exchange,
    strike,
    option_type,
    symbol,
    token,
    timestamp,
    oi,
    ltp,
    volume,
    iv,
    moneyness,
    time_to_expiry_seconds,
    underlying_price,
    pct_change_3m,
    pct_change_5m,
    pct_change_10m,
    pct_change_15m,
    pct_change_30m,
    best_bid,
    best_ask,
    bid_quantity,
    ask_quantity,
    spread,
    order_book_imbalance
FROM option_chain_snapshots
WHERE (exchange, timestamp) IN (
    SELECT exchange, max(timestamp)
    FROM option_chain_snapshots
    GROUP BY exchange
)
ORDER BY exchange, strike, option_type;

-- name: chain_as_of
SELECT
    strike,
    option_type,
    symbol,
    token,
    timestamp,
    oi,
    ltp,
    volume,
    iv,
    moneyness,
    time_to_expiry_seconds,
    underlying_price,
    pct_change_3m,
    pct_change_5m,
    pct_change_10m,
    pct_change_15m,
    pct_change_30m,
    best_bid,
    best_ask,
    bid_quantity,
    ask_quantity,
    spread,
    order_book_imbalance
FROM option_chain_snapshots
WHERE exchange = {exchange:String}
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= {at:DateTime64(6, 'UTC')}
    )
ORDER BY strike, option_type;

-- name: oi_changes
WITH
    (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
    ) AS at,
    (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= at - INTERVAL 3 MINUTE
            AND timestamp > at - INTERVAL 60 MINUTE
    ) AS at_3m,
    (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= at - INTERVAL 5 MINUTE
            AND timestamp > at - INTERVAL 60 MINUTE
    ) AS at_5m,
    (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= at - INTERVAL 10 MINUTE
            AND timestamp > at - INTERVAL 60 MINUTE
    ) AS at_10m,
    (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= at - INTERVAL 15 MINUTE
            AND timestamp > at - INTERVAL 60 MINUTE
    ) AS at_15m,
    (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= at - INTERVAL 30 MINUTE
            AND timestamp > at - INTERVAL 60 MINUTE
    ) AS at_30m
SELECT
    at AS timestamp,
    strike,
    option_type,
    maxIf(chain.oi, chain.timestamp = at) AS oi,
    maxIf(chain.oi, chain.timestamp = at) - maxIf(chain.oi, chain.timestamp = at_3m) AS oi_change_3m,
    maxIf(chain.oi, chain.timestamp = at) - maxIf(chain.oi, chain.timestamp = at_5m) AS oi_change_5m,
    maxIf(chain.oi, chain.timestamp = at) - maxIf(chain.oi, chain.timestamp = at_10m) AS oi_change_10m,
    maxIf(chain.oi, chain.timestamp = at) - maxIf(chain.oi, chain.timestamp = at_15m) AS oi_change_15m,
    maxIf(chain.oi, chain.timestamp = at) - maxIf(chain.oi, chain.timestamp = at_30m) AS oi_change_30m,
    maxIf(chain.pct_change_3m, chain.timestamp = at) AS pct_change_3m,
    maxIf(chain.pct_change_5m, chain.timestamp = at) AS pct_change_5m,
    maxIf(chain.pct_change_10m, chain.timestamp = at) AS pct_change_10m,
    maxIf(chain.pct_change_15m, chain.timestamp = at) AS pct_change_15m,
    maxIf(chain.pct_change_30m, chain.timestamp = at) AS pct_change_30m
FROM option_chain_snapshots AS chain
WHERE exchange = {exchange:String}
    AND chain.timestamp IN (at, at_3m, at_5m, at_10m, at_15m, at_30m)
GROUP BY strike, option_type
ORDER BY strike, option_type;

-- name: oi_by_strike
SELECT
    strike,
    maxIf(oi, option_type = 'CE') AS oi_ce,
    maxIf(oi, option_type = 'PE') AS oi_pe
FROM option_chain_snapshots
WHERE exchange = {exchange:String}
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
    )
GROUP BY strike
ORDER BY strike;

-- name: pcr_now
SELECT
    max(chain.timestamp) AS timestamp,
    sumIf(oi, option_type = 'CE') AS oi_ce,
    sumIf(oi, option_type = 'PE') AS oi_pe,
    sumIf(oi, option_type = 'PE') / sumIf(oi, option_type = 'CE') AS pcr
FROM option_chain_snapshots AS chain
WHERE exchange = {exchange:String}
    AND chain.timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
    );

-- name: snapshot_at
SELECT
    chain.timestamp AS timestamp,
    sumIf(oi, option_type = 'CE') AS oi_ce,
    sumIf(oi, option_type = 'PE') AS oi_pe
FROM option_chain_snapshots AS chain
WHERE exchange = {exchange:String}
    AND chain.timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
            AND timestamp <= {at:DateTime64(6, 'UTC')}
    )
GROUP BY chain.timestamp;

-- name: max_pain
WITH chain AS (
    SELECT strike, option_type, oi
    FROM option_chain_snapshots
    WHERE exchange = {exchange:String}
        AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = {exchange:String}
    )
)
SELECT settlement.strike AS max_pain
FROM (SELECT DISTINCT strike FROM chain) AS settlement
CROSS JOIN chain
GROUP BY settlement.strike
ORDER BY
    sum(
        oi * if(
            option_type = 'CE',
            greatest(settlement.strike - chain.strike, 0),
            greatest(chain.strike - settlement.strike, 0)
        )
    ),
    settlement.strike
LIMIT 1;

-- name: window
SELECT
    timestamp,
    strike,
    option_type,
    oi,
    ltp,
    volume,
    iv,
    underlying_price
FROM option_chain_snapshots
WHERE exchange = {exchange:String}
    AND timestamp >= {start:DateTime64(6, 'UTC')}
    AND timestamp <= {end:DateTime64(6, 'UTC')}
ORDER BY timestamp DESC, strike, option_type;

-- name: contract_day
SELECT
    timestamp,
    oi,
    ltp,
    volume,
    iv,
    underlying_price
FROM option_chain_snapshots
WHERE exchange = {exchange:String}
    AND strike = {strike:Float64}
    AND option_type = {option_type:String}
    AND timestamp >= {start:DateTime64(6, 'UTC')}
    AND timestamp < {end:DateTime64(6, 'UTC')}
ORDER BY timestamp;

-- name: contract_bars
SELECT
    toDateTime64(toStartOfInterval(timestamp, INTERVAL 5 MINUTE), 6, 'UTC') AS bucket,
    argMin(oi, timestamp) AS oi_open,
    max(oi) AS oi_high,
    min(oi) AS oi_low,
    argMax(oi, timestamp) AS oi_close,
    argMin(ltp, timestamp) AS ltp_open,
    max(ltp) AS ltp_high,
    min(ltp) AS ltp_low,
    argMax(ltp, timestamp) AS ltp_close,
    argMax(chain.volume, timestamp) AS volume
FROM option_chain_snapshots AS chain
WHERE exchange = {exchange:String}
    AND strike = {strike:Float64}
    AND option_type = {option_type:String}
    AND timestamp >= {start:DateTime64(6, 'UTC')}
    AND timestamp < {end:DateTime64(6, 'UTC')}
GROUP BY bucket
ORDER BY bucket;

-- name: pcr
SELECT
    toDateTime64(toStartOfInterval(at, toIntervalSecond({width:UInt32})), 6, 'UTC') AS bucket,
    argMax(totals.oi_ce, at) AS oi_ce,
    argMax(totals.oi_pe, at) AS oi_pe,
    argMax(totals.volume_ce, at) AS volume_ce,
    argMax(totals.volume_pe, at) AS volume_pe,
    argMax(totals.underlying_price, at) AS underlying_close,
    argMax(totals.oi_pe / totals.oi_ce, at) AS pcr,
    argMax(totals.volume_pe / nullIf(totals.volume_ce, 0), at) AS pcr_volume
FROM (
    SELECT
        timestamp AS at,
        sumIf(oi, option_type = 'CE') AS oi_ce,
        sumIf(oi, option_type = 'PE') AS oi_pe,
        sumIf(volume, option_type = 'CE') AS volume_ce,
        sumIf(volume, option_type = 'PE') AS volume_pe,
        max(underlying_price) AS underlying_price
    FROM option_chain_snapshots
    WHERE exchange = {exchange:String}
        AND timestamp >= {start:DateTime64(6, 'UTC')}
        AND timestamp < {end:DateTime64(6, 'UTC')}
    GROUP BY timestamp
) AS totals
GROUP BY bucket
ORDER BY bucket;
