A day of history as it was recorded.

-- name: day_instants
SELECT
    snapshot."timestamp" AS "timestamp",
    snapshot.exchange AS exchange
FROM snapshots AS snapshot
WHERE snapshot."timestamp" >= %(start)s
  AND snapshot."timestamp" < %(end)s
ORDER BY snapshot."timestamp", snapshot.exchange;

-- name: context_at
SELECT
    features.underlying_price AS underlying_price,
    features.underlying_future_price AS future_price,
    live_edge.whole(features.underlying_future_oi::numeric) AS future_oi,
    features.vix AS vix
FROM ml_features AS features
WHERE features.exchange = %(exchange)s
  AND features."timestamp" = %(at)s;
