-- name: functions
-- Moving closed chunks to an archive hypertable; `config` is the archive policy:
-- {"archive_after", "archive_table", "history_view", "archive_chunk_interval"}, relations quoted.

-- Makes what an archive needs, or what it lacks since the table has got a new column.
CREATE OR REPLACE FUNCTION timescale_engine.prepare_archive(target text, config jsonb)
RETURNS void
LANGUAGE plpgsql
AS $function$
DECLARE
  source regclass := target::regclass;
  archive text := config ->> 'archive_table';
  view text := config ->> 'history_view';
  parts text[] := parse_ident(archive);
  time_column name;
  column_list text;
  command text;
BEGIN
  SELECT d.column_name
  INTO STRICT time_column
  FROM timescaledb_information.dimensions AS d
  WHERE format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass = source
    AND d.dimension_number = 1;

  IF cardinality(parts) = 2 THEN
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', parts[1]);
  END IF;
  IF to_regclass(archive) IS NULL THEN
    EXECUTE format(
      'CREATE TABLE %s (LIKE %s INCLUDING COMMENTS INCLUDING COMPRESSION INCLUDING STORAGE)',
      archive, source
    );
    PERFORM create_hypertable(
      archive::regclass,
      by_range(time_column, (config ->> 'archive_chunk_interval')::interval),
      create_default_indexes => false
    );
    EXECUTE format('CREATE INDEX ON %s USING brin (%I)', archive, time_column);
    -- the table's own unique keys: what is looked up there is looked up here
    FOR command IN
      SELECT format(
        'CREATE UNIQUE INDEX ON %s %s',
        archive, substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*$')
      )
      FROM pg_index AS i
      WHERE i.indrelid = source AND i.indisunique AND i.indisvalid
    LOOP
      EXECUTE command;
    END LOOP;
  END IF;

  FOR command IN
    SELECT format('ALTER TABLE %s ADD COLUMN %I %s', archive, a.attname,
                  format_type(a.atttypid, a.atttypmod))
    FROM pg_attribute AS a
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
      AND NOT EXISTS (
        SELECT
        FROM pg_attribute AS b
        WHERE b.attrelid = archive::regclass AND b.attname = a.attname AND NOT b.attisdropped
      )
    ORDER BY a.attnum
  LOOP
    EXECUTE command;
  END LOOP;

  column_list := timescale_engine.archived_columns(source);
  EXECUTE format(
    'CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s UNION ALL SELECT %s FROM %s',
    view, column_list, archive, column_list, source
  );
END
$function$;

CREATE OR REPLACE FUNCTION timescale_engine.archived_columns(source regclass) RETURNS text
LANGUAGE sql STABLE
RETURN (
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
  FROM pg_attribute
  WHERE attrelid = source AND attnum > 0 AND NOT attisdropped
);

-- Locks a chunk without making anyone queue behind the wait for longer than a moment.
CREATE OR REPLACE FUNCTION timescale_engine.lock_gently(chunk text, mode text) RETURNS void
LANGUAGE plpgsql
SET lock_timeout = '50ms'
AS $function$
BEGIN
  FOR attempt IN 1 .. 300 LOOP
    BEGIN
      EXECUTE format('LOCK TABLE %s IN %s MODE', chunk, mode);
      RETURN;
    EXCEPTION
      WHEN lock_not_available THEN
        PERFORM pg_sleep(0.05 + random() * 0.15);
    END;
  END LOOP;
  RAISE lock_not_available USING
    MESSAGE = format('%s is in use; archiving it is tried again at the next run.', chunk);
END
$function$;

-- Moves the oldest span of chunks that is due: copies, compares count and checksum, drops, all in
-- the transaction of the caller. False when nothing is due. Rollups take what changed first.
CREATE OR REPLACE FUNCTION timescale_engine.run_archive(target text, config jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $function$
DECLARE
  source regclass := target::regclass;
  archive text := config ->> 'archive_table';
  column_list text := timescale_engine.archived_columns(source);
  due record;
  span text;
  copied record;
  stored record;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('timescale_engine.archive ' || target, 0)) THEN
    RETURN false;
  END IF;
  SELECT d.column_name AS time_column,
         CASE d.column_type
           WHEN 'timestamptz'::regtype THEN quote_literal(min(c.range_start))
           ELSE quote_literal(min(c.range_start) AT TIME ZONE 'UTC')
         END AS first,
         CASE d.column_type
           WHEN 'timestamptz'::regtype THEN quote_literal(c.range_end)
           ELSE quote_literal(c.range_end AT TIME ZONE 'UTC')
         END AS until,
         array_agg(format('%I.%I', c.chunk_schema, c.chunk_name)) AS chunks,
         c.range_end AS ends
  INTO due
  FROM timescaledb_information.chunks AS c
  JOIN timescaledb_information.dimensions AS d
    ON d.hypertable_schema = c.hypertable_schema
   AND d.hypertable_name = c.hypertable_name
   AND d.dimension_number = 1
  WHERE format('%I.%I', c.hypertable_schema, c.hypertable_name)::regclass = source
    AND CASE d.column_type
          WHEN 'timestamptz'::regtype THEN c.range_end <= now() - (config ->> 'archive_after')::interval
          ELSE c.range_end AT TIME ZONE 'UTC'
               <= localtimestamp - (config ->> 'archive_after')::interval
        END
  GROUP BY d.column_name, d.column_type, c.range_end
  ORDER BY c.range_end
  LIMIT 1;
  IF due IS NULL THEN
    RETURN false;
  END IF;
  IF timescale_engine.archive_waits_for_rollups(source, due.ends) THEN
    RETURN true;
  END IF;

  PERFORM timescale_engine.prepare_archive(target, config);
  FOREACH span IN ARRAY due.chunks LOOP
    PERFORM timescale_engine.lock_gently(span, 'SHARE ROW EXCLUSIVE');
  END LOOP;
  span := format('%I >= %s AND %I < %s', due.time_column, due.first, due.time_column, due.until);
  EXECUTE format(
    'SELECT count(*) AS rows, sum(hashtextextended(r::text, 0)::numeric) AS checksum
     FROM (SELECT %s FROM %s WHERE %s) AS r',
    column_list, source, span
  ) INTO copied;
  EXECUTE format(
    'WITH stored AS (INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s RETURNING %s)
     SELECT count(*) AS rows, sum(hashtextextended(r::text, 0)::numeric) AS checksum
     FROM (SELECT * FROM stored) AS r',
    archive, column_list, column_list, source, span, column_list
  ) INTO stored;
  IF stored IS DISTINCT FROM copied THEN
    RAISE data_corrupted USING
      MESSAGE = format('%s: %s rows of %s did not arrive in %s as they were.',
                       target, copied.rows, span, archive);
  END IF;
  FOREACH span IN ARRAY due.chunks LOOP
    PERFORM timescale_engine.lock_gently(span, 'ACCESS EXCLUSIVE');
    EXECUTE format('DROP TABLE %s', span);
  END LOOP;
  RETURN true;
END
$function$;

-- Whether a rollup still has to take rows older than `until`; the toolkit's own take a step here.
CREATE OR REPLACE FUNCTION timescale_engine.archive_waits_for_rollups(source regclass, until timestamptz)
RETURNS boolean
LANGUAGE plpgsql
AS $function$
DECLARE
  reader integer;
  late text;
BEGIN
  FOR reader IN
    SELECT r.id
    FROM timescale_engine.rollup AS r
    JOIN timescale_engine.source AS s ON s.id = r.source_id
    WHERE s.relation = source
    ORDER BY r.id
  LOOP
    IF timescale_engine.refresh_step(reader) THEN
      RETURN true;
    END IF;
  END LOOP;
  SELECT format('%I.%I', a.user_view_schema, a.user_view_name)
  INTO late
  FROM _timescaledb_catalog.continuous_agg AS a
  JOIN _timescaledb_catalog.hypertable AS h ON h.id = a.raw_hypertable_id
  WHERE format('%I.%I', h.schema_name, h.table_name)::regclass = source
    AND _timescaledb_functions.to_timestamp(
          _timescaledb_functions.cagg_watermark(a.mat_hypertable_id)
        ) < until
  LIMIT 1;
  IF late IS NOT NULL THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = format('Archiving of %s before %s waits: %s is not refreshed so far.',
                       source, until, late);
  END IF;
  RETURN false;
END
$function$;

-- The same as a job of TimescaleDB's own, a transaction a span.
CREATE OR REPLACE PROCEDURE timescale_engine.archive_job(job_id integer, config jsonb)
LANGUAGE plpgsql
AS $procedure$
BEGIN
  WHILE timescale_engine.run_archive(config ->> 'target', config) LOOP
    COMMIT;
  END LOOP;
END
$procedure$;

-- Brings every archived row back and removes the archive.
CREATE OR REPLACE FUNCTION timescale_engine.dissolve_archive(target text, config jsonb)
RETURNS void
LANGUAGE plpgsql
AS $function$
DECLARE
  archive text := config ->> 'archive_table';
  column_list text;
BEGIN
  EXECUTE format('DROP VIEW IF EXISTS %s', config ->> 'history_view');
  IF to_regclass(archive) IS NULL THEN
    RETURN;
  END IF;
  SELECT string_agg(quote_ident(a.attname), ', ')
  INTO column_list
  FROM pg_attribute AS a
  WHERE a.attrelid = target::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = '';
  EXECUTE format(
    'INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s',
    target, column_list, column_list, archive
  );
  EXECUTE format('DROP TABLE %s', archive);
END
$function$;

-- name: prepare
SELECT timescale_engine.prepare_archive({target}, {config});

-- name: dissolve
-- Nothing to bring back where nothing was archived.
DO $do$
BEGIN
  IF to_regprocedure('timescale_engine.dissolve_archive(text, jsonb)') IS NOT NULL THEN
    PERFORM timescale_engine.dissolve_archive({target}, {config});
  END IF;
END
$do$;

-- name: add_job
SELECT add_job('timescale_engine.archive_job', {schedule_interval}, config => {config}::jsonb || jsonb_build_object('target', {target}));

-- name: remove_job
SELECT delete_job(job_id)
FROM timescaledb_information.jobs
WHERE proc_schema = 'timescale_engine'
  AND proc_name = 'archive_job'
  AND config ->> 'target' = {target};

-- name: read_jobs
SELECT n.nspname AS schema,
       c.relname AS name,
       j.config AS config,
       j.schedule_interval AS schedule_interval
FROM timescaledb_information.jobs AS j
JOIN pg_class AS c ON c.oid = to_regclass(j.config ->> 'target')
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE j.proc_schema = 'timescale_engine' AND j.proc_name = 'archive_job';

-- name: alter_job
SELECT alter_job(job_id, schedule_interval => {schedule_interval}, config => config || {change})
FROM timescaledb_information.jobs
WHERE proc_schema = 'timescale_engine'
  AND proc_name = 'archive_job'
  AND config ->> 'target' = {target};

-- name: alter_policy
UPDATE timescale_engine.policy
SET config = config || {change},
    schedule_interval = {schedule_interval}
WHERE kind = 'archive' AND target = {target};
