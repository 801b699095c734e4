-- What DuckDB says in other words than PostgreSQL; everything else is the legacy SQL.

-- name: create
CREATE TABLE option_chain_snapshots AS
SELECT *
FROM read_parquet(%(files)s)
ORDER BY timestamp;

-- name: create_metadata
CREATE TABLE exchange_metadata AS
SELECT DISTINCT exchange
FROM option_chain_snapshots;

-- name: oi_changes
WITH newest AS (
    SELECT max(timestamp) AS newest_at
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
),
instants AS (
    SELECT
        newest_at,
        max(timestamp) FILTER (WHERE timestamp <= newest_at - INTERVAL '3 minutes') AS at_3m,
        max(timestamp) FILTER (WHERE timestamp <= newest_at - INTERVAL '5 minutes') AS at_5m,
        max(timestamp) FILTER (WHERE timestamp <= newest_at - INTERVAL '10 minutes') AS at_10m,
        max(timestamp) FILTER (WHERE timestamp <= newest_at - INTERVAL '15 minutes') AS at_15m,
        max(timestamp) FILTER (WHERE timestamp <= newest_at - INTERVAL '30 minutes') AS at_30m
    FROM option_chain_snapshots, newest
    WHERE exchange = %(exchange)s
        AND timestamp >= (SELECT newest_at FROM newest) - INTERVAL '60 minutes'
    GROUP BY newest_at
)
SELECT
    max(timestamp) FILTER (WHERE timestamp = newest_at) AS timestamp,
    strike,
    option_type,
    max(oi) FILTER (WHERE timestamp = newest_at) AS oi,
    max(oi) FILTER (WHERE timestamp = newest_at) - max(oi) FILTER (WHERE timestamp = at_3m)
        AS oi_change_3m,
    max(oi) FILTER (WHERE timestamp = newest_at) - max(oi) FILTER (WHERE timestamp = at_5m)
        AS oi_change_5m,
    max(oi) FILTER (WHERE timestamp = newest_at) - max(oi) FILTER (WHERE timestamp = at_10m)
        AS oi_change_10m,
    max(oi) FILTER (WHERE timestamp = newest_at) - max(oi) FILTER (WHERE timestamp = at_15m)
        AS oi_change_15m,
    max(oi) FILTER (WHERE timestamp = newest_at) - max(oi) FILTER (WHERE timestamp = at_30m)
        AS oi_change_30m,
    max(pct_change_3m) FILTER (WHERE timestamp = newest_at) AS pct_change_3m,
    max(pct_change_5m) FILTER (WHERE timestamp = newest_at) AS pct_change_5m,
    max(pct_change_10m) FILTER (WHERE timestamp = newest_at) AS pct_change_10m,
    max(pct_change_15m) FILTER (WHERE timestamp = newest_at) AS pct_change_15m,
    max(pct_change_30m) FILTER (WHERE timestamp = newest_at) AS pct_change_30m
FROM option_chain_snapshots, instants
WHERE exchange = %(exchange)s
    AND timestamp >= (SELECT at_30m FROM instants)
GROUP BY strike, option_type
ORDER BY strike, option_type;

-- name: contract_bars
SELECT
    time_bucket(INTERVAL '5 minutes', timestamp) AS bucket,
    arg_min(oi, timestamp) AS oi_open,
    max(oi) AS oi_high,
    min(oi) AS oi_low,
    arg_max(oi, timestamp) AS oi_close,
    arg_min(ltp, timestamp) AS ltp_open,
    max(ltp) AS ltp_high,
    min(ltp) AS ltp_low,
    arg_max(ltp, timestamp) AS ltp_close,
    arg_max(volume, timestamp) AS volume
FROM option_chain_snapshots
WHERE exchange = %(exchange)s
    AND strike = %(strike)s
    AND option_type = %(option_type)s
    AND timestamp >= %(start)s
    AND timestamp < %(end)s
GROUP BY bucket
ORDER BY bucket;

-- name: pcr
SELECT
    time_bucket(CAST(%(width)s AS INTERVAL), timestamp) AS bucket,
    arg_max(totals.oi_ce, timestamp) AS oi_ce,
    arg_max(totals.oi_pe, timestamp) AS oi_pe,
    arg_max(totals.volume_ce, timestamp) AS volume_ce,
    arg_max(totals.volume_pe, timestamp) AS volume_pe,
    arg_max(totals.underlying_price, timestamp) AS underlying_close,
    arg_max(totals.oi_pe / totals.oi_ce, timestamp) AS pcr,
    arg_max(totals.volume_pe / nullif(totals.volume_ce, 0), timestamp) AS pcr_volume
FROM (
    SELECT
        timestamp,
        sum(oi) FILTER (WHERE option_type = 'CE') AS oi_ce,
        sum(oi) FILTER (WHERE option_type = 'PE') AS oi_pe,
        sum(volume) FILTER (WHERE option_type = 'CE') AS volume_ce,
        sum(volume) FILTER (WHERE option_type = 'PE') AS volume_pe,
        max(underlying_price) AS underlying_price
    FROM option_chain_snapshots
    WHERE exchange = %(exchange)s
        AND timestamp >= %(start)s
        AND timestamp < %(end)s
    GROUP BY timestamp
) AS totals
GROUP BY bucket
ORDER BY bucket;
