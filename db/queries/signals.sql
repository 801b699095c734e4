What models said, and what came of it.

-- name: latest
SELECT
    latest."timestamp" AS "timestamp",
    latest.model_id AS model_id,
    latest.signal AS signal,
    latest.confidence AS confidence,
    latest.p_sell AS p_sell,
    latest.p_hold AS p_hold,
    latest.p_buy AS p_buy,
    latest.rationale AS rationale,
    latest.horizon_s AS horizon_s,
    latest.latency_ms AS latency_ms
FROM signal_latest AS latest
WHERE latest.exchange = %(exchange)s;

-- name: as_of
SELECT
    made."timestamp" AS "timestamp",
    made.model_id AS model_id,
    made.signal AS signal,
    made.confidence AS confidence,
    made.p_sell AS p_sell,
    made.p_hold AS p_hold,
    made.p_buy AS p_buy,
    made.rationale AS rationale,
    made.horizon_s AS horizon_s,
    made.latency_ms AS latency_ms
FROM predictions AS made
WHERE made.exchange = %(exchange)s
  AND made."timestamp" > %(start)s
  AND made."timestamp" <= %(end)s
ORDER BY made."timestamp" DESC
LIMIT 1;

-- name: runs
-- a run is the same signal from one snapshot to the next, without a pause in which it ran out; what
-- else is told of it is of its first snapshot
WITH told AS (
    SELECT
        made."timestamp" AS "timestamp",
        made.signal AS signal,
        made.confidence AS confidence,
        made.rationale AS rationale,
        made.horizon_s AS horizon_s,
        made.outcome AS outcome,
        made.feedback AS feedback,
        (
            lag(made.signal) OVER in_time IS DISTINCT FROM made.signal
            OR made."timestamp" - lag(made."timestamp") OVER in_time
                > make_interval(secs => %(holds_s)s)
        )::integer AS begins
    FROM predictions AS made
    WHERE made.exchange = %(exchange)s
      AND made."timestamp" >= %(start)s
      AND made."timestamp" < %(end)s
    WINDOW in_time AS (ORDER BY made."timestamp")
),
numbered AS (
    SELECT
        told.*,
        sum(told.begins) OVER (ORDER BY told."timestamp") AS run
    FROM told
),
ended AS (
    SELECT
        numbered.run AS run,
        max(numbered."timestamp") AS ends
    FROM numbered
    GROUP BY numbered.run
)
SELECT
    numbered."timestamp" AS "timestamp",
    ended.ends AS ends,
    numbered.signal AS signal,
    numbered.confidence AS confidence,
    numbered.rationale AS rationale,
    numbered.horizon_s AS horizon_s,
    numbered.outcome AS outcome,
    numbered.feedback AS feedback
FROM numbered
JOIN ended ON ended.run = numbered.run
WHERE numbered.begins = 1
ORDER BY numbered."timestamp";

-- name: last_side
SELECT
    made."timestamp" AS "timestamp",
    made.signal AS signal
FROM predictions AS made
WHERE made.exchange = %(exchange)s
  AND made."timestamp" > %(start)s
  AND made."timestamp" <= %(end)s
  AND made.signal <> 'HOLD'
ORDER BY made."timestamp" DESC
LIMIT 1;

-- name: unsettled
SELECT
    made."timestamp" AS "timestamp",
    made.horizon_s AS horizon_s,
    made.width AS width,
    made.cost_bps AS cost_bps
FROM predictions AS made
WHERE made.exchange = %(exchange)s
  AND made."timestamp" > %(start)s
  AND made."timestamp" <= %(end)s
  AND made.outcome IS NULL
ORDER BY made."timestamp";

-- name: quality
-- beside what came of the sides that were told, how often these sides came anyway on that day
WITH settled AS (
    SELECT
        made."timestamp"::date AS day,
        made.signal AS signal,
        made.outcome AS outcome,
        made.confidence AS confidence,
        made.p_sell AS p_sell,
        made.p_hold AS p_hold,
        made.p_buy AS p_buy,
        floor(EXTRACT(EPOCH FROM made."timestamp") / made.horizon_s) AS stretch
    FROM predictions AS made
    WHERE made.exchange = %(exchange)s
      AND made."timestamp" > %(start)s
      AND made."timestamp" <= %(end)s
      AND made.outcome IS NOT NULL
),
by_day AS (
    SELECT
        settled.day AS day,
        count(*) AS settled,
        count(*) FILTER (WHERE settled.signal = 'BUY') AS buys,
        count(*) FILTER (WHERE settled.signal = 'SELL') AS sells,
        count(DISTINCT settled.stretch) FILTER (WHERE settled.signal <> 'HOLD') AS stretches,
        avg(settled.confidence) FILTER (WHERE settled.signal <> 'HOLD') AS said,
        count(*) FILTER (
            WHERE (settled.signal = 'BUY' AND settled.outcome = 1)
               OR (settled.signal = 'SELL' AND settled.outcome = -1)
        ) AS hits,
        avg((settled.outcome = 1)::integer) AS rose,
        avg((settled.outcome = -1)::integer) AS fell,
        avg((settled.outcome = 0)::integer) AS neither,
        avg(
            power(settled.p_buy - (settled.outcome = 1)::integer, 2)
            + power(settled.p_hold - (settled.outcome = 0)::integer, 2)
            + power(settled.p_sell - (settled.outcome = -1)::integer, 2)
        ) AS brier
    FROM settled
    GROUP BY settled.day
)
SELECT
    by_day.day AS day,
    by_day.settled AS settled,
    by_day.buys + by_day.sells AS told,
    by_day.stretches AS stretches,
    by_day.said AS said,
    by_day.hits AS hits,
    (by_day.buys * by_day.rose + by_day.sells * by_day.fell)::double precision AS anyway,
    by_day.brier::double precision AS brier,
    (
        1 - power(by_day.rose, 2) - power(by_day.fell, 2) - power(by_day.neither, 2)
    )::double precision AS brier_anyway
FROM by_day
ORDER BY by_day.day;

-- name: drift
SELECT latest.drift AS drift
FROM signal_latest AS latest
WHERE latest.exchange = %(exchange)s;
