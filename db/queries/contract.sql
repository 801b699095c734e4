One contract over time.

-- name: contract_day
SELECT
    chain."timestamp" AS "timestamp",
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.iv AS iv,
    chain.underlying_price AS underlying_price
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s
  AND chain.strike = %(strike)s
  AND chain.option_type = %(option_type)s
  AND chain."timestamp" >= %(start)s
  AND chain."timestamp" < %(end)s
ORDER BY chain."timestamp";

-- name: archived_contract_day
SELECT
    chain."timestamp" AS "timestamp",
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.iv AS iv,
    chain.underlying_price AS underlying_price
FROM option_chain_snapshots_history AS chain
WHERE chain.exchange = %(exchange)s
  AND chain.strike = %(strike)s
  AND chain.option_type = %(option_type)s
  AND chain."timestamp" >= %(start)s
  AND chain."timestamp" < %(end)s
ORDER BY chain."timestamp";

-- name: five_minutes
SELECT
    bar.bucket AS bucket,
    bar.oi_open AS oi_open,
    bar.oi_high AS oi_high,
    bar.oi_low AS oi_low,
    bar.oi_close AS oi_close,
    bar.ltp_open AS ltp_open,
    bar.ltp_high AS ltp_high,
    bar.ltp_low AS ltp_low,
    bar.ltp_close AS ltp_close,
    bar.volume AS volume
FROM contract_5m AS bar
WHERE bar.exchange = %(exchange)s
  AND bar.strike = %(strike)s
  AND bar.option_type = %(option_type)s
  AND bar.bucket >= %(start)s
  AND bar.bucket < %(end)s
ORDER BY bar.bucket;

-- name: days
SELECT
    bar.bucket AS bucket,
    bar.oi_open AS oi_open,
    bar.oi_high AS oi_high,
    bar.oi_low AS oi_low,
    bar.oi_close AS oi_close,
    bar.ltp_open AS ltp_open,
    bar.ltp_high AS ltp_high,
    bar.ltp_low AS ltp_low,
    bar.ltp_close AS ltp_close,
    bar.volume AS volume
FROM contract_1d AS bar
WHERE bar.exchange = %(exchange)s
  AND bar.strike = %(strike)s
  AND bar.option_type = %(option_type)s
  AND bar.bucket >= %(start)s
  AND bar.bucket < %(end)s
ORDER BY bar.bucket;
