-- The dashboard's questions, asked of the legacy tables: the "before" of every comparison.

-- name: latest_chain
-- All contracts of one exchange at its newest snapshot, with all that is stored of them.
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
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
    )
ORDER BY strike, option_type;

-- name: latest_chains
-- The newest snapshot of every exchange that reports.
SELECT
    chain.exchange,
    chain.strike,
    chain.option_type,
    chain.symbol,
    chain.token,
    chain.timestamp,
    chain.oi,
    chain.ltp,
    chain.volume,
    chain.iv,
    chain.moneyness,
    chain.time_to_expiry_seconds,
    chain.underlying_price,
    chain.pct_change_3m,
    chain.pct_change_5m,
    chain.pct_change_10m,
    chain.pct_change_15m,
    chain.pct_change_30m,
    chain.best_bid,
    chain.best_ask,
    chain.bid_quantity,
    chain.ask_quantity,
    chain.spread,
    chain.order_book_imbalance
FROM exchange_metadata AS known
CROSS JOIN LATERAL (
    SELECT max(timestamp) AS timestamp
    FROM option_chain_snapshots
    WHERE exchange = known.exchange
) AS newest
JOIN option_chain_snapshots AS chain
    ON chain.exchange = known.exchange
    AND chain.timestamp = newest.timestamp
ORDER BY chain.exchange, chain.strike, chain.option_type;

-- name: oi_changes
-- OI of the newest snapshot with its change over 3, 5, 10, 15 and 30 minutes: percent as stored,
-- units against the newest snapshot that is old enough.
SELECT
    chain.timestamp,
    chain.strike,
    chain.option_type,
    chain.oi,
    chain.oi - ago_3m.oi AS oi_change_3m,
    chain.oi - ago_5m.oi AS oi_change_5m,
    chain.oi - ago_10m.oi AS oi_change_10m,
    chain.oi - ago_15m.oi AS oi_change_15m,
    chain.oi - ago_30m.oi AS oi_change_30m,
    chain.pct_change_3m,
    chain.pct_change_5m,
    chain.pct_change_10m,
    chain.pct_change_15m,
    chain.pct_change_30m
FROM (
    SELECT
        newest.timestamp,
        (
            SELECT max(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %(exchange)s
                AND timestamp <= newest.timestamp - INTERVAL '3 minutes'
                AND timestamp >= newest.timestamp - INTERVAL '6 minutes'
                AND timestamp >= date_trunc('day', newest.timestamp)
        ) AS at_3m,
        (
            SELECT max(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %(exchange)s
                AND timestamp <= newest.timestamp - INTERVAL '5 minutes'
                AND timestamp >= newest.timestamp - INTERVAL '10 minutes'
                AND timestamp >= date_trunc('day', newest.timestamp)
        ) AS at_5m,
        (
            SELECT max(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %(exchange)s
                AND timestamp <= newest.timestamp - INTERVAL '10 minutes'
                AND timestamp >= newest.timestamp - INTERVAL '20 minutes'
                AND timestamp >= date_trunc('day', newest.timestamp)
        ) AS at_10m,
        (
            SELECT max(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %(exchange)s
                AND timestamp <= newest.timestamp - INTERVAL '15 minutes'
                AND timestamp >= newest.timestamp - INTERVAL '30 minutes'
                AND timestamp >= date_trunc('day', newest.timestamp)
        ) AS at_15m,
        (
            SELECT max(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %(exchange)s
                AND timestamp <= newest.timestamp - INTERVAL '30 minutes'
                AND timestamp >= newest.timestamp - INTERVAL '60 minutes'
                AND timestamp >= date_trunc('day', newest.timestamp)
        ) AS at_30m
    FROM (
        SELECT max(timestamp) AS timestamp
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
    ) AS newest
) AS baseline
JOIN option_chain_snapshots AS chain
    ON chain.exchange = %(exchange)s
    AND chain.timestamp = baseline.timestamp
LEFT JOIN LATERAL (
    SELECT oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND strike = chain.strike
        AND option_type = chain.option_type
        AND timestamp = baseline.at_3m
) AS ago_3m ON TRUE
LEFT JOIN LATERAL (
    SELECT oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND strike = chain.strike
        AND option_type = chain.option_type
        AND timestamp = baseline.at_5m
) AS ago_5m ON TRUE
LEFT JOIN LATERAL (
    SELECT oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND strike = chain.strike
        AND option_type = chain.option_type
        AND timestamp = baseline.at_10m
) AS ago_10m ON TRUE
LEFT JOIN LATERAL (
    SELECT oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND strike = chain.strike
        AND option_type = chain.option_type
        AND timestamp = baseline.at_15m
) AS ago_15m ON TRUE
LEFT JOIN LATERAL (
    SELECT oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND strike = chain.strike
        AND option_type = chain.option_type
        AND timestamp = baseline.at_30m
) AS ago_30m ON TRUE
ORDER BY chain.strike, chain.option_type;

-- name: chain_as_of
-- The chain as it stood at any instant: the newest snapshot that is not younger.
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
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
            AND timestamp <= %(at)s
    )
ORDER BY strike, option_type;

-- name: window
-- Every row of one exchange between two instants, as the legacy program fills its reels.
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
WHERE exchange = %(exchange)s
    AND timestamp >= %(start)s
    AND timestamp <= %(end)s
ORDER BY timestamp DESC, strike, option_type;

-- name: contract_day
-- Every snapshot of one contract on one day.
SELECT
    timestamp,
    oi,
    ltp,
    volume,
    iv,
    underlying_price
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND strike = %(strike)s
    AND option_type = %(option_type)s
    AND timestamp >= %(start)s
    AND timestamp < %(end)s
ORDER BY timestamp;

-- name: contract_bars
-- One contract's days in buckets of five minutes: OI and price as open, high, low and close.
SELECT
    date_bin('5 minutes', timestamp, '2000-01-01') AS bucket,
    (array_agg(oi ORDER BY timestamp))[1] AS oi_open,
    max(oi) AS oi_high,
    min(oi) AS oi_low,
    (array_agg(oi ORDER BY timestamp DESC))[1] AS oi_close,
    (array_agg(ltp ORDER BY timestamp))[1] AS ltp_open,
    max(ltp) AS ltp_high,
    min(ltp) AS ltp_low,
    (array_agg(ltp ORDER BY timestamp DESC))[1] AS ltp_close,
    (array_agg(volume ORDER BY timestamp DESC))[1] AS volume
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND strike = %(strike)s
    AND option_type = %(option_type)s
    AND timestamp >= %(start)s
    AND timestamp < %(end)s
GROUP BY bucket
ORDER BY bucket;

-- name: pcr
-- The put-call ratio in buckets of any width: OI, volume and index of the last snapshot in each.
SELECT DISTINCT ON (bucket)
    date_bin(%(width)s, timestamp, '2000-01-01') AS bucket,
    oi_ce,
    oi_pe,
    volume_ce,
    volume_pe,
    underlying_close,
    oi_pe::double precision / nullif(oi_ce, 0) AS pcr,
    volume_pe::double precision / nullif(volume_ce, 0) AS pcr_volume
FROM (
    SELECT
        timestamp,
        CAST(sum(oi) FILTER (WHERE option_type = 'CE') AS bigint) AS oi_ce,
        CAST(sum(oi) FILTER (WHERE option_type = 'PE') AS bigint) AS oi_pe,
        CAST(sum(volume) FILTER (WHERE option_type = 'CE') AS bigint) AS volume_ce,
        CAST(sum(volume) FILTER (WHERE option_type = 'PE') AS bigint) AS volume_pe,
        max(underlying_price) AS underlying_close
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND timestamp >= %(start)s
        AND timestamp < %(end)s
    GROUP BY timestamp
) AS totals
ORDER BY bucket, timestamp DESC;

-- name: pcr_now
-- The put-call ratio of the newest snapshot.
SELECT
    max(timestamp) AS timestamp,
    sum(oi) FILTER (WHERE option_type = 'CE') AS oi_ce,
    sum(oi) FILTER (WHERE option_type = 'PE') AS oi_pe,
    sum(oi) FILTER (WHERE option_type = 'PE')::double precision
        / nullif(sum(oi) FILTER (WHERE option_type = 'CE'), 0) AS pcr
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
    );

-- name: max_pain
-- The strike at which the newest snapshot's open interest pays its holders least.
WITH chain AS (
    SELECT strike, option_type, oi
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND timestamp = (
            SELECT max(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %(exchange)s
        )
)
SELECT settlement.strike AS max_pain
FROM (SELECT DISTINCT strike FROM chain) AS settlement
CROSS JOIN chain
GROUP BY settlement.strike
ORDER BY
    sum(
        CASE chain.option_type
            WHEN 'CE' THEN greatest(settlement.strike - chain.strike, 0)
            ELSE greatest(chain.strike - settlement.strike, 0)
        END * chain.oi
    ),
    settlement.strike
LIMIT 1;

-- name: oi_by_strike
-- Open interest of calls and puts side by side at the newest snapshot.
SELECT
    strike,
    max(oi) FILTER (WHERE option_type = 'CE') AS oi_ce,
    max(oi) FILTER (WHERE option_type = 'PE') AS oi_pe
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
    )
GROUP BY strike
ORDER BY strike;

-- name: snapshot_at
-- Totals of the newest snapshot that is not younger than an instant.
SELECT
    timestamp,
    sum(oi) FILTER (WHERE option_type = 'CE') AS oi_ce,
    sum(oi) FILTER (WHERE option_type = 'PE') AS oi_pe
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT max(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
            AND timestamp <= %(at)s
    )
GROUP BY timestamp;

-- name: save_lookup
-- The legacy program's own statement before each save: what OI was stored last.
SELECT token, oi
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND timestamp = (
        SELECT MAX(timestamp)
        FROM option_chain_snapshots
        WHERE exchange = %(exchange)s
    );

-- name: training_frame
-- The legacy program's own statement for training: features of a range of days.
SELECT *
FROM ml_features
WHERE exchange = %(exchange)s
    AND timestamp >= %(start)s
    AND timestamp <= %(end)s
ORDER BY timestamp;
