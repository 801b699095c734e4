-- name: statistics_are_kept
SELECT
    EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS is_created,
    -- unset where the library is not loaded
    current_setting('pg_stat_statements.track', true) IS NOT NULL AS is_loaded,
    -- a session of ours looks in public alone, and the extension may lie anywhere
    (
        SELECT set_config('search_path', format('public, %I', n.nspname), false)
        FROM pg_extension AS e
        JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'
    ) AS looked_in;

-- name: slow_statements
-- Statements of this database whose mean or longest run is over a limit, most time first.
SELECT
    queryid AS query_id,
    query AS statement,
    calls,
    mean_exec_time AS mean_ms,
    max_exec_time AS max_ms,
    total_exec_time AS total_ms,
    rows AS row_count,
    shared_blks_hit + shared_blks_read AS pages,
    temp_blks_written AS temp_pages
FROM pg_stat_statements
JOIN pg_database AS place ON place.oid = dbid
WHERE place.datname = current_database()
  AND (mean_exec_time >= :threshold_ms OR max_exec_time >= :threshold_ms)
ORDER BY total_exec_time DESC
LIMIT :most;

-- name: top_statements
-- Reading statements of this database by the time they took in all.
SELECT
    queryid AS query_id,
    query AS statement,
    calls,
    mean_exec_time AS mean_ms,
    max_exec_time AS max_ms,
    total_exec_time AS total_ms,
    rows AS row_count,
    shared_blks_hit + shared_blks_read AS pages,
    temp_blks_written AS temp_pages
FROM pg_stat_statements
JOIN pg_database AS place ON place.oid = dbid
WHERE place.datname = current_database()
  AND calls >= :least_calls
  AND mean_exec_time >= :threshold_ms
  AND query ~* '^\s*(/\*.*\*/\s*)?(SELECT|WITH)\y'
ORDER BY total_exec_time DESC
LIMIT :most;

-- name: plan_log
-- Where auto_explain writes, if it is loaded and the log is a file that can be read here.
SELECT
    current_setting('auto_explain.log_min_duration', true) AS log_min_duration,
    CASE
        WHEN has_function_privilege('pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE')
        THEN pg_current_logfile('stderr')
    END AS log_file;

-- name: log_tail
SELECT pg_read_file(
    :log_file,
    greatest(0, (pg_stat_file(:log_file)).size - :size_bytes),
    CAST(:size_bytes AS bigint),
    true
) AS tail;
