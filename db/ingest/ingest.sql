Statements of the writers. `pg_temp.staged_chain`, which open_stage makes, has the fields of
db.market.ticks.EnrichedColumns.

-- name: open_stage
SELECT live_edge.open_stage();

-- name: write_snapshot
SELECT live_edge.write_snapshot(:exchange, :timestamp, CAST(:context AS jsonb)) AS is_shown;

-- name: write_edge
SELECT live_edge.write_edge(:exchange, :timestamp, CAST(:context AS jsonb)) AS is_shown;

-- name: set_bulk_load
-- Rows of a load are kept for its triggers until they have logged which buckets they lie in: in
-- memory up to a full day of the widest chain, which would else be written to a file and read again.
SELECT
    set_config('live_edge.bulk_load', :state, true) AS state,
    set_config('statement_timeout', '0', true) AS statement_timeout,
    set_config(
        'work_mem',
        greatest(pg_size_bytes(current_setting('work_mem')), pg_size_bytes('256MB')) / 1024 || 'kB',
        true
    ) AS work_mem;

-- name: refresh_window
SELECT live_edge.refresh_window(:exchange, :first, :last) AS snapshots;

-- name: refresh_newest
SELECT live_edge.refresh_newest(:exchange);

-- name: lock
-- One writes an exchange's live edge at a time.
SELECT live_edge.lock(:exchange);

-- name: stored_instants
SELECT "timestamp" AS "timestamp"
FROM snapshots
WHERE exchange = :exchange
  AND "timestamp" >= :first
  AND "timestamp" <= :last;
