-- name: make_ticks
CREATE TABLE ticks (
    exchange text NOT NULL,
    "timestamp" timestamp NOT NULL,
    oi integer NOT NULL,
    ltp double precision NOT NULL
);

-- name: make_hypertable
SELECT create_hypertable(
    'ticks', 'timestamp',
    chunk_time_interval => INTERVAL '1 hour',
    create_default_indexes => false
);

-- name: make_key
CREATE UNIQUE INDEX ON ticks (exchange, "timestamp");

-- name: make_rollup
SELECT timescale_engine.create_rollup(%(document)s, %(native)s);

-- name: write
INSERT INTO ticks AS t (exchange, "timestamp", oi, ltp)
VALUES (%(exchange)s, %(time)s, %(oi)s, %(ltp)s)
ON CONFLICT (exchange, "timestamp") DO UPDATE
SET oi = excluded.oi,
    ltp = excluded.ltp;

-- name: staging
CREATE TEMPORARY TABLE IF NOT EXISTS staged (LIKE ticks);

-- name: stage
COPY staged (exchange, "timestamp", oi, ltp) FROM STDIN;

-- name: copy
COPY ticks (exchange, "timestamp", oi, ltp) FROM STDIN;

-- name: taken
SELECT t.exchange AS exchange,
       t."timestamp" AS instant
FROM ticks AS t
WHERE t."timestamp" >= %(since)s;

-- name: change
UPDATE ticks
SET oi = %(oi)s
WHERE exchange = %(exchange)s
  AND "timestamp" >= %(first)s
  AND "timestamp" < %(last)s;

-- name: move
UPDATE ticks AS t
SET "timestamp" = t."timestamp" + %(shift)s
WHERE t.exchange = %(exchange)s
  AND t."timestamp" >= %(first)s
  AND t."timestamp" < %(last)s
  AND date_trunc('hour', t."timestamp" + %(shift)s) = date_trunc('hour', t."timestamp")
  AND NOT EXISTS (
      SELECT
      FROM ticks AS o
      WHERE o.exchange = t.exchange AND o."timestamp" = t."timestamp" + %(shift)s
  );

-- name: remove
DELETE FROM ticks
WHERE exchange = %(exchange)s
  AND "timestamp" >= %(first)s
  AND "timestamp" < %(last)s;

-- name: truncate
TRUNCATE ticks;

-- name: refresh
CALL timescale_engine.refresh_rollup(%(rollup)s);

-- name: refresh_window
CALL timescale_engine.refresh_rollup(%(rollup)s, %(first)s, %(last)s);

-- name: refresh_within
CALL timescale_engine.refresh_rollup(%(rollup)s, commits => false);

-- name: drop_chunks
SELECT drop_chunks('ticks', older_than => %(before)s::timestamp);

-- name: chunks
SELECT format('%%I.%%I', c.chunk_schema, c.chunk_name) AS chunk,
       c.range_start AT TIME ZONE 'UTC' AS first,
       c.range_end AT TIME ZONE 'UTC' AS last
FROM timescaledb_information.chunks AS c
WHERE c.hypertable_name = 'ticks'
ORDER BY c.range_start;

-- name: watermark
SELECT greatest(r.watermark, TIMESTAMP '1900-01-01') AS watermark
FROM timescale_engine.rollup AS r
WHERE r.relation = %(rollup)s::regclass;

-- name: native_watermark
SELECT greatest(
           _timescaledb_functions.to_timestamp_without_timezone(
               _timescaledb_functions.cagg_watermark(h.id)
           ),
           TIMESTAMP '1900-01-01'
       ) AS watermark
FROM timescaledb_information.continuous_aggregates AS a
JOIN _timescaledb_catalog.hypertable AS h ON h.table_name = a.materialization_hypertable_name
WHERE a.view_name = %(rollup)s;

-- name: forget
UPDATE timescale_engine.rollup
SET frozen = '{}';

-- name: read_eq_1m
SELECT *
FROM eq_1m
WHERE bucket >= %(since)s;

-- name: read_eq_5m
SELECT *
FROM eq_5m
WHERE bucket >= %(since)s;

-- name: read_eq_25m
SELECT *
FROM eq_25m
WHERE bucket >= %(since)s;

-- name: direct_eq_1m
SELECT time_bucket(INTERVAL '1 minute', "timestamp") AS bucket,
       exchange AS exchange,
       sum(oi) AS oi_sum,
       count(*) AS ticks,
       min(ltp) AS low,
       max(ltp) AS high,
       avg(ltp) AS mean,
       first(ltp, "timestamp") AS opened,
       last(ltp, "timestamp") AS closed,
       count(*) FILTER (WHERE oi > 50) AS heavy
FROM ticks
WHERE "timestamp" >= %(since)s
GROUP BY 1, 2;

-- name: direct_eq_5m
SELECT time_bucket(INTERVAL '5 minutes', bucket) AS bucket,
       exchange AS exchange,
       sum(oi_sum) AS oi_sum,
       sum(ticks) AS ticks,
       min(low) AS low,
       max(high) AS high,
       first(opened, bucket) AS opened,
       last(closed, bucket) AS closed
FROM eq_1m
WHERE bucket >= %(since)s
GROUP BY 1, 2;

-- name: direct_eq_25m
SELECT time_bucket(INTERVAL '25 minutes', "timestamp") AS bucket,
       sum(oi) AS oi_sum,
       max(ltp) AS high,
       count(*) AS ticks
FROM ticks
WHERE "timestamp" >= %(since)s AND oi %% 3 <> 0
GROUP BY 1;
