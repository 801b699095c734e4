What a database holds and how it does, for `python -m db status`.

-- name: server
SELECT current_database() AS database,
       current_setting('server_version') AS postgres_version,
       (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'timescaledb')
           AS timescaledb_version,
       (
           SELECT a.default_version
           FROM pg_available_extensions a
           WHERE a.name = 'timescaledb'
       ) AS installed_version,
       current_setting('timescaledb.license', true) AS license,
       pg_database_size(current_database()) AS size_bytes,
       pg_postmaster_start_time() AS started_at,
       (
           SELECT count(*)
           FROM pg_stat_activity
           WHERE datname = current_database()
       ) AS connections,
       to_regclass('timescale_engine.policy') IS NOT NULL AS has_engine,
       to_regclass('timescale_engine.superseded') IS NOT NULL AS has_superseded,
       to_regclass('oi_convert.conversion') IS NOT NULL AS has_conversions,
       to_regclass('alembic_version') IS NOT NULL AS has_revision

-- name: revision
SELECT version_num AS revision
FROM alembic_version
ORDER BY version_num

-- name: settings
SELECT name,
       setting,
       unit,
       CASE
           WHEN unit = '8kB' THEN setting::BIGINT * 8192
           WHEN unit = 'kB' THEN setting::BIGINT * 1024
           WHEN unit = 'MB' THEN setting::BIGINT * 1048576
       END AS size_bytes
FROM pg_settings
WHERE name IN (
    'shared_buffers', 'max_locks_per_transaction', 'TimeZone', 'fsync', 'full_page_writes',
    'autovacuum', 'max_worker_processes', 'max_parallel_workers',
    'timescaledb.max_background_workers', 'timescaledb.restoring', 'shared_preload_libraries',
    'track_io_timing'
)

-- name: database_time_zone
-- What sessions get that ask for nothing: the database's own setting before the server's.
SELECT coalesce(
    (
        SELECT split_part(entry, '=', 2)
        FROM pg_db_role_setting s, unnest(s.setconfig) AS entry
        WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND s.setrole = 0
          AND split_part(entry, '=', 1) ILIKE 'timezone'
    ),
    (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')
) AS time_zone

-- name: hypertables
SELECT format('%I.%I', h.hypertable_schema, h.hypertable_name) AS name,
       h.num_chunks AS chunks,
       d.time_interval AS chunk_interval,
       h.compression_enabled AS has_columnstore,
       -- counts what lies in the columnstore too, as pg_class does not
       approximate_row_count(
           format('%I.%I', h.hypertable_schema, h.hypertable_name)::REGCLASS
       ) AS estimated_rows,
       s.table_bytes + s.toast_bytes AS table_bytes,
       s.index_bytes,
       s.total_bytes
FROM timescaledb_information.hypertables h
JOIN timescaledb_information.dimensions d
    ON d.hypertable_schema = h.hypertable_schema
   AND d.hypertable_name = h.hypertable_name
   AND d.dimension_number = 1
LEFT JOIN LATERAL (
    SELECT sum(z.table_bytes)::BIGINT AS table_bytes,
           coalesce(sum(z.toast_bytes), 0)::BIGINT AS toast_bytes,
           sum(z.index_bytes)::BIGINT AS index_bytes,
           sum(z.total_bytes)::BIGINT AS total_bytes
    FROM hypertable_detailed_size(
        format('%I.%I', h.hypertable_schema, h.hypertable_name)::REGCLASS
    ) z
) s ON true
WHERE h.hypertable_schema !~ '^oi_convert_(new|old)(_[0-9]+)?$'
ORDER BY s.total_bytes DESC NULLS LAST, name

-- name: columnstore
-- Community only; sizes of the chunks that were converted, before and after.
SELECT number_compressed_chunks AS chunks,
       before_compression_total_bytes AS before_bytes,
       after_compression_total_bytes AS after_bytes
FROM hypertable_columnstore_stats(CAST(:name AS REGCLASS))

-- name: rollups
-- Freshness on the engine's own clock: naive times of market tables compare with the local time.
SELECT r.relation::TEXT AS name,
       r.native,
       r.bucket,
       r.refreshed_at,
       -- before anything is materialized it is a time no calendar knows
       CASE
           WHEN coalesce(w.watermark, r.watermark) >= '0001-01-01'
           THEN coalesce(w.watermark, r.watermark)
       END AS watermark,
       (SELECT count(*) FROM timescale_engine.dirty_range d WHERE d.rollup_id = r.id) AS backlog
FROM timescale_engine.rollup r
LEFT JOIN LATERAL (
    SELECT _timescaledb_functions.to_timestamp_without_timezone(
               _timescaledb_functions.cagg_watermark(a.mat_hypertable_id)
           ) AS watermark
    FROM _timescaledb_catalog.continuous_agg a
    WHERE format('%I.%I', a.user_view_schema, a.user_view_name)::REGCLASS = r.relation
) w ON r.native
ORDER BY r.id

-- name: own_policies
SELECT p.kind,
       p.target,
       p.schedule_interval,
       nullif(p.next_run, 'infinity') AS next_run,
       p.last_run,
       p.last_duration_ms,
       p.last_status,
       p.last_error,
       p.next_run = 'infinity' AS is_paused,
       now() > p.next_run + 2 * p.schedule_interval + INTERVAL '1 minute'
           OR (
               p.last_status = 'running'
               AND now() > p.last_run + 2 * p.schedule_interval + INTERVAL '1 minute'
           ) AS is_overdue
FROM timescale_engine.policy p
ORDER BY p.kind, p.target

-- name: native_policies
SELECT CASE j.proc_name
           WHEN 'archive_job' THEN 'archive'
           WHEN 'run_due_job' THEN 'maintenance'
           ELSE regexp_replace(j.proc_name, '^policy_', '')
       END AS kind,
       coalesce(
           (
               SELECT format('%I.%I', a.view_schema, a.view_name)
               FROM timescaledb_information.continuous_aggregates a
               WHERE a.materialization_hypertable_schema = j.hypertable_schema
                 AND a.materialization_hypertable_name = j.hypertable_name
           ),
           -- the toolkit's own jobs belong to no hypertable
           CASE
               WHEN j.hypertable_name IS NOT NULL
               THEN format('%I.%I', j.hypertable_schema, j.hypertable_name)
           END,
           j.config ->> 'target',
           '–'
       ) AS target,
       j.schedule_interval,
       CASE WHEN isfinite(j.next_start) THEN j.next_start END AS next_run,
       nullif(s.last_run_started_at, '-infinity') AS last_run,
       EXTRACT(EPOCH FROM s.last_run_duration)::double precision * 1000 AS last_duration_ms,
       CASE s.last_run_status WHEN 'Success' THEN 'ok' WHEN 'Failed' THEN 'error' END
           AS last_status,
       (
           SELECT e.err_message
           FROM timescaledb_information.job_errors e
           WHERE e.job_id = j.job_id
             AND s.last_run_status = 'Failed'
           ORDER BY e.finish_time DESC
           LIMIT 1
       ) AS last_error,
       NOT j.scheduled OR coalesce(j.next_start = 'infinity', false) AS is_paused,
       -- one whose next start is ahead was parked, or has just failed, which is said elsewhere; one at
       -- -infinity is running, or was when the server crashed
       j.scheduled
           AND coalesce(j.next_start <= now(), true)
           AND now() > 2 * j.schedule_interval + INTERVAL '1 minute' + coalesce(
               nullif(s.last_successful_finish, '-infinity'),
               nullif(s.last_run_started_at, '-infinity'),
               nullif(j.next_start, '-infinity'),
               now()
           ) AS is_overdue
FROM timescaledb_information.jobs j
LEFT JOIN timescaledb_information.job_stats s ON s.job_id = j.job_id
WHERE j.job_id >= 1000
ORDER BY kind, target

-- name: skipped
SELECT s.feature,
       s.target,
       s.reason,
       s.recorded_at
FROM timescale_engine.skipped s
ORDER BY s.feature, s.target

-- name: invalid_indexes
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid
ORDER BY 1

-- name: publications
-- Those that a hypertable is in: whole or by name.
SELECT p.pubname AS name,
       CASE
           WHEN p.puballtables THEN 'the database'
           WHEN n.pnpubid IS NOT NULL THEN 'the schema public'
       END AS covers,
       array_agg(DISTINCT h.hypertable_name::TEXT) AS hypertables
FROM pg_publication p
LEFT JOIN pg_publication_namespace n
  ON n.pnpubid = p.oid
 AND n.pnnspid = 'public'::REGNAMESPACE
LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
JOIN timescaledb_information.hypertables h
  ON p.puballtables
  OR n.pnpubid IS NOT NULL AND h.hypertable_schema = 'public'
  OR format('%I.%I', h.hypertable_schema, h.hypertable_name)::REGCLASS = r.prrelid
GROUP BY 1, 2
ORDER BY 1

-- name: superseded
SELECT s.target,
       count(*) AS rows
FROM timescale_engine.superseded s
GROUP BY s.target
ORDER BY s.target

-- name: subscribed
-- What a publisher sends goes into the table itself, which a hypertable's readers never see.
SELECT s.subname AS name,
       r.srrelid::REGCLASS::TEXT AS hypertable
FROM pg_subscription_rel r
JOIN pg_stat_subscription s ON s.subid = r.srsubid AND s.relid IS NULL
JOIN timescaledb_information.hypertables h
  ON format('%I.%I', h.hypertable_schema, h.hypertable_name)::REGCLASS = r.srrelid
ORDER BY 1, 2

-- name: empty_sparse_indexes
-- Setting none by an empty text leaves an entry without a column, in the table's settings and its chunks'.
SELECT DISTINCT coalesce(i.inhparent, c.relid)::REGCLASS::TEXT AS name
FROM _timescaledb_catalog.compression_settings c
LEFT JOIN pg_inherits i ON i.inhrelid = c.relid
WHERE jsonb_path_exists(
    to_jsonb(c), '$.index[*] ? (@.source == "config" && !exists(@.column))'
)
ORDER BY 1

-- name: secured_sources
-- Hypertables with row security that rollups read: these know nothing of it.
SELECT c.oid::REGCLASS::TEXT AS name,
       array_agg(r.spec ->> 'name' ORDER BY r.id) AS rollups
FROM timescale_engine.rollup r
JOIN pg_class c ON c.oid = to_regclass(timescale_engine.quoted(r.spec ->> 'source'))
WHERE c.relrowsecurity
GROUP BY c.oid
ORDER BY 1
