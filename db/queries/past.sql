What belongs to a past moment beside its chain, and which days and expiries history holds.

-- name: days
SELECT
    time_bucket(INTERVAL '1 day', snapshot."timestamp")::date AS day,
    min(snapshot."timestamp") AS start,
    max(snapshot."timestamp") AS "end",
    count(*) AS snapshots
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s
GROUP BY 1
ORDER BY 1;

-- name: first_outside_archive
SELECT min(chain."timestamp") AS "timestamp"
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s;

-- name: context
SELECT
    features.underlying_price AS underlying_price,
    features.underlying_future_price AS future_price,
    live_edge.whole(features.underlying_future_oi::numeric) AS future_oi,
    features.vix AS vix,
    features.itm_oi_ce_pct_change_3m_wavg AS itm_oi_ce_pct_change,
    features.itm_oi_pe_pct_change_3m_wavg AS itm_oi_pe_pct_change,
    features.percent_oichange_fut_3m AS percent_oichange_fut_3m,
    features.atm_shift_intensity AS atm_shift_intensity,
    features.itm_ce_breadth AS itm_ce_breadth,
    features.itm_pe_breadth AS itm_pe_breadth,
    features.feature_payload AS feature_payload
FROM ml_features AS features
WHERE features.exchange = %(exchange)s
  AND features."timestamp" = %(at)s;

-- name: oi_at
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    coalesce(
        chain.expiry,
        (chain."timestamp" + chain.time_to_expiry_seconds * INTERVAL '1 s')::date
    ) AS expiry,
    chain.oi AS oi
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" >= %(start)s
  AND chain."timestamp" <= %(end)s
  AND chain."timestamp" = ANY (%(instants)s);

-- name: archived_oi_at
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    coalesce(
        chain.expiry,
        (chain."timestamp" + chain.time_to_expiry_seconds * INTERVAL '1 s')::date
    ) AS expiry,
    chain.oi AS oi
FROM option_chain_snapshots_history AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" >= %(start)s
  AND chain."timestamp" <= %(end)s
  AND chain."timestamp" = ANY (%(instants)s);

-- name: expiry_at
SELECT
    coalesce(
        chain.expiry,
        (chain."timestamp" + chain.time_to_expiry_seconds * INTERVAL '1 s')::date
    ) AS expiry
FROM option_chain_snapshots_history AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = %(at)s
LIMIT 1;

-- name: oi_changed
SELECT
    seen.strike AS strike,
    seen.option_type AS option_type,
    max(seen."timestamp") AS oi_at
FROM (
    SELECT
        chain.strike AS strike,
        chain.option_type AS option_type,
        chain."timestamp" AS "timestamp",
        chain.oi <> lag(chain.oi) OVER of_contract AS has_changed
    FROM option_chain_snapshots AS chain
    WHERE chain.exchange = %(exchange)s
      AND chain."timestamp" >= %(start)s
      AND chain."timestamp" <= %(end)s
    WINDOW of_contract AS (PARTITION BY chain.symbol ORDER BY chain."timestamp")
) AS seen
WHERE seen.has_changed
GROUP BY seen.strike, seen.option_type;

-- name: archived_oi_changed
SELECT
    seen.strike AS strike,
    seen.option_type AS option_type,
    max(seen."timestamp") AS oi_at
FROM (
    SELECT
        chain.strike AS strike,
        chain.option_type AS option_type,
        chain."timestamp" AS "timestamp",
        chain.oi <> lag(chain.oi) OVER of_contract AS has_changed
    FROM option_chain_snapshots_history AS chain
    WHERE chain.exchange = %(exchange)s
      AND chain."timestamp" >= %(start)s
      AND chain."timestamp" <= %(end)s
    WINDOW of_contract AS (PARTITION BY chain.symbol ORDER BY chain."timestamp")
) AS seen
WHERE seen.has_changed
GROUP BY seen.strike, seen.option_type;
