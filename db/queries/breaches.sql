Changes of open interest that went beyond a threshold.

-- name: breaches
-- A contract goes beyond one when it was not beyond it, on the same side, at its snapshot before,
-- and its open interest has moved since: that the far end of the span moved alone is no news.
WITH seen AS (
    SELECT
        chain."timestamp", chain.strike, chain.option_type, chain.oi,
        chain.pct_change_3m, chain.pct_change_5m, chain.pct_change_10m, chain.pct_change_15m,
        chain.pct_change_30m,
        lag(chain.oi) OVER contract AS oi_before,
        lag(chain.pct_change_3m) OVER contract AS before_3m,
        lag(chain.pct_change_5m) OVER contract AS before_5m,
        lag(chain.pct_change_10m) OVER contract AS before_10m,
        lag(chain.pct_change_15m) OVER contract AS before_15m,
        lag(chain.pct_change_30m) OVER contract AS before_30m
    FROM option_chain_snapshots AS chain
    WHERE chain.exchange = %(exchange)s
      AND chain."timestamp" >= %(start)s
      AND chain."timestamp" <= %(end)s
    WINDOW contract AS (
        PARTITION BY chain.strike, chain.option_type ORDER BY chain."timestamp"
    )
)
SELECT
    seen."timestamp" AS "timestamp",
    seen.strike AS strike,
    seen.option_type AS option_type,
    span.minutes AS minutes,
    span.pct AS pct_change,
    seen.oi - live_edge.whole(
        round(seen.oi / nullif(1 + span.pct / 100, 0))::numeric
    ) AS oi_change
FROM seen
CROSS JOIN LATERAL (
    VALUES
        (3, seen.pct_change_3m, seen.before_3m),
        (5, seen.pct_change_5m, seen.before_5m),
        (10, seen.pct_change_10m, seen.before_10m),
        (15, seen.pct_change_15m, seen.before_15m),
        (30, seen.pct_change_30m, seen.before_30m)
) AS span (minutes, pct, before)
JOIN unnest(%(minutes)s::integer[], %(thresholds)s::double precision[])
    AS limits (minutes, threshold) ON limits.minutes = span.minutes
WHERE seen.oi <> seen.oi_before
  AND abs(span.pct) >= limits.threshold
  -- what another program divided by nothing is no change
  AND abs(span.pct) < 'Infinity'
  AND coalesce(span.before * sign(span.pct) < limits.threshold, true)
ORDER BY seen."timestamp" DESC, abs(span.pct) DESC, seen.strike, seen.option_type, span.minutes
LIMIT %(most)s;
