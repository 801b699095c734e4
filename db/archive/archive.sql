Archives as the database holds them; policies are the toolkit's records or TimescaleDB's jobs.

-- name: policies
SELECT p.target,
       p.config,
       p.schedule_interval::TEXT AS schedule_interval,
       nullif(p.next_run, 'infinity') AS next_run,
       p.last_run,
       p.last_status,
       p.last_error,
       NULL::INTEGER AS job_id
FROM timescale_engine.policy p
WHERE p.kind = 'archive'
UNION ALL
SELECT j.config ->> 'target',
       j.config,
       j.schedule_interval::TEXT,
       CASE WHEN isfinite(j.next_start) THEN j.next_start END,
       nullif(s.last_run_started_at, '-infinity'),
       CASE s.last_run_status WHEN 'Success' THEN 'ok' WHEN 'Failed' THEN 'error' END,
       (
           SELECT e.err_message
           FROM timescaledb_information.job_errors e
           WHERE e.job_id = j.job_id
             AND s.last_run_status = 'Failed'
           ORDER BY e.finish_time DESC
           LIMIT 1
       ),
       j.job_id
FROM timescaledb_information.jobs j
LEFT JOIN timescaledb_information.job_stats s ON s.job_id = j.job_id
WHERE j.proc_schema = 'timescale_engine'
  AND j.proc_name = 'archive_job'
ORDER BY 1

-- name: has_engine
SELECT to_regclass('timescale_engine.policy') IS NOT NULL AS there

-- name: time_column
SELECT d.column_name AS name,
       d.column_type::TEXT AS type,
       d.time_interval AS chunk_interval
FROM timescaledb_information.dimensions d
WHERE format('%%I.%%I', d.hypertable_schema, d.hypertable_name)::REGCLASS = %(table)s::REGCLASS
  AND d.dimension_number = 1

-- name: columns
SELECT a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute a
WHERE a.attrelid = %(table)s::REGCLASS
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND a.attgenerated = ''
ORDER BY a.attnum

-- name: chunks
SELECT format('%%I.%%I', k.chunk_schema, k.chunk_name) AS chunk,
       (k.range_start AT TIME ZONE 'UTC') AS range_start,
       (k.range_end AT TIME ZONE 'UTC') AS range_end,
       greatest(c.reltuples, 0)::BIGINT AS estimated_rows
FROM timescaledb_information.chunks k
JOIN pg_class c ON c.oid = format('%%I.%%I', k.chunk_schema, k.chunk_name)::REGCLASS
WHERE format('%%I.%%I', k.hypertable_schema, k.hypertable_name)::REGCLASS = %(table)s::REGCLASS
ORDER BY k.range_start

-- name: run
SELECT timescale_engine.run_archive(%(target)s, %(config)s) AS more

-- name: restore
SELECT s.next_from,
       s.restored
FROM timescale_engine.restore_archive(%(target)s, %(config)s, %(since)s, %(until)s) AS s

-- name: drop_emptied
SELECT timescale_engine.drop_emptied_chunk(%(target)s, %(config)s) AS more

-- name: hold_policy
UPDATE timescale_engine.policy
SET next_run = greatest(next_run, now() + %(hold)s)
WHERE kind = 'archive'
  AND target = %(target)s

-- name: hold_job
SELECT alter_job(job_id, next_start => greatest(next_start, now() + %(hold)s))
FROM timescaledb_information.jobs
WHERE job_id = %(job_id)s
