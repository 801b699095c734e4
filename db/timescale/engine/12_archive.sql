-- Moving closed chunks to an archive hypertable; `config` is the archive policy:
-- {"archive_after", "archive_table", "history_view", "archive_chunk_interval"}, relations quoted.

-- By which a schema that was made for archives is told from one of somebody else's.
CREATE OR REPLACE FUNCTION timescale_engine.archive_mark() RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'Made for archives; it goes with the last of them.'
$$;

-- Makes what an archive needs, or what it lacks since the table was changed.
CREATE OR REPLACE FUNCTION timescale_engine.prepare_archive(target text, config jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
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

  IF cardinality(parts) = 2 AND to_regnamespace(quote_ident(parts[1])) IS NULL THEN
    EXECUTE format('CREATE SCHEMA %I', parts[1]);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', parts[1], timescale_engine.archive_mark());
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

  PERFORM timescale_engine.require_same_columns(source, archive::regclass, view);
  FOR command IN SELECT * FROM timescale_engine.column_changes(source, archive::regclass) LOOP
    EXECUTE command;
  END LOOP;

  column_list := timescale_engine.archived_columns(source);
  EXECUTE format(
    'CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s UNION ALL SELECT %s FROM %s',
    view, column_list, archive, column_list, source
  );
END
$function$;

CREATE OR REPLACE FUNCTION timescale_engine.archive_lacks_something(source regclass, config jsonb)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT to_regclass(config ->> 'archive_table') IS NULL
        OR to_regclass(config ->> 'history_view') IS NULL
        OR EXISTS (
          SELECT FROM timescale_engine.column_changes(source, to_regclass(config ->> 'archive_table'))
        )
        OR EXISTS (
          SELECT
          FROM pg_attribute AS a
          WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
            AND NOT EXISTS (
              SELECT
              FROM pg_attribute AS b
              WHERE b.attrelid = to_regclass(config ->> 'history_view') AND b.attname = a.attname
            )
        )
$$;

CREATE OR REPLACE FUNCTION timescale_engine.archived_columns(source regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
      SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
      FROM pg_attribute
      WHERE attrelid = source AND attnum > 0 AND NOT attisdropped
    )
$$;

-- Locks a chunk without making anyone queue behind the wait for longer than a moment.
CREATE OR REPLACE FUNCTION timescale_engine.lock_gently(chunk text, mode text) RETURNS void
LANGUAGE plpgsql
SET lock_timeout = '50ms'
SET search_path = pg_catalog, pg_temp
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
    MESSAGE = format('%s is in use and was left alone; this is tried again at the next run.', chunk);
END
$function$;

-- What tells whether rows arrived as they were, whatever their order: a term of a sum over rows. The
-- binary hash takes a third of the time of the text's; not every type has one.
CREATE OR REPLACE FUNCTION timescale_engine.row_hash(source regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
      SELECT CASE
               WHEN bool_and(EXISTS (
                 SELECT
                 FROM pg_opclass AS o
                 JOIN pg_am AS m ON m.oid = o.opcmethod
                 WHERE m.amname = 'hash' AND o.opcdefault AND o.opcintype = a.atttypid
               )) THEN format('hash_record_extended(ROW(%s), 0)', timescale_engine.archived_columns(source))
               ELSE format('hashtextextended(ROW(%s)::text, 0)', timescale_engine.archived_columns(source))
             END
      FROM pg_attribute AS a
      WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
    )
$$;

-- Count and checksum of a span of an archive. Its rows lie in the order of time, and only the BRIN
-- index knows: without statistics yet, a plan would as soon read all of a large chunk.
CREATE OR REPLACE FUNCTION timescale_engine.archived_sums(
  archive text, hash text, span text, OUT rows bigint, OUT checksum numeric
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_indexscan = off
SET enable_indexonlyscan = off
SET search_path FROM CURRENT
AS $function$
BEGIN
  EXECUTE format('SELECT count(*), coalesce(sum(%s), 0) FROM %s WHERE %s', hash, archive, span)
  INTO rows, checksum;
END
$function$;

-- The same of any other relation.
CREATE OR REPLACE FUNCTION timescale_engine.row_sums(
  relation text, hash text, span text, OUT rows bigint, OUT checksum numeric
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
BEGIN
  EXECUTE format('SELECT count(*), coalesce(sum(%s), 0) FROM %s WHERE %s', hash, relation, span)
  INTO rows, checksum;
END
$function$;

-- Copies the rows of one relation that lie in a span to another one; how many there were. Counted
-- and summed apart: RETURNING would cost three times the second read of what is cached now.
CREATE OR REPLACE FUNCTION timescale_engine.copy_rows(
  origin text, destination text, columns text, span text
) RETURNS bigint
LANGUAGE plpgsql
SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0
SET search_path FROM CURRENT
AS $function$
DECLARE
  copied bigint;
BEGIN
  EXECUTE format(
    'INSERT INTO %1$s (%3$s) OVERRIDING SYSTEM VALUE SELECT %3$s FROM %2$s WHERE %4$s',
    destination, origin, columns, span
  );
  GET DIAGNOSTICS copied = ROW_COUNT;
  RETURN copied;
END
$function$;

-- The oldest span of chunks that is older than `age`, as literals of the time column's type; `ends`
-- as the registry has it. NULLs where there is none.
CREATE OR REPLACE FUNCTION timescale_engine.oldest_span(
  source regclass, age interval,
  OUT time_column name, OUT first text, OUT until text, OUT chunks text[], OUT ends timestamp
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT d.column_name,
         quote_literal(timescale_engine.source_time(min(lower(c.span)), z.zoned)),
         quote_literal(timescale_engine.source_time(upper(c.span), z.zoned)),
         array_agg(c.chunk),
         upper(c.span)
  FROM timescale_engine.chunks_of(source) AS c
  JOIN timescaledb_information.dimensions AS d
    ON format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass = source
   AND d.dimension_number = 1
  CROSS JOIN LATERAL (VALUES (d.column_type = 'timestamptz'::regtype)) AS z (zoned)
  WHERE upper(c.span)
        <= CASE WHEN z.zoned THEN now() AT TIME ZONE 'UTC' ELSE localtimestamp END - age
  GROUP BY d.column_name, z.zoned, upper(c.span)
  ORDER BY upper(c.span)
  LIMIT 1;
$$;

-- Moves the oldest span of chunks that is due: copies, compares count and checksum, drops, all in
-- the transaction of the caller. A row that was archived before and written anew since gives way to the
-- newer one. False when nothing is due. Rollups take what changed first; what
-- they still read from the table itself, and the newest chunk, is not due however old it is.
CREATE OR REPLACE FUNCTION timescale_engine.run_archive(target text, config jsonb)
RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
DECLARE
  source regclass := target::regclass;
  archive text := config ->> 'archive_table';
  column_list text := timescale_engine.archived_columns(source);
  hash text := timescale_engine.row_hash(source);
  due record;
  chunk text;
  span text;
  before record;
  wanted record;
  stored record;
  copied bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('timescale_engine.archive ' || target, 0)) THEN
    RETURN false;
  END IF;
  SELECT * INTO due
  FROM timescale_engine.oldest_span(source, (config ->> 'archive_after')::interval);
  IF due.ends IS NULL THEN
    RETURN false;
  END IF;
  PERFORM timescale_engine.require_unreferenced(source);
  IF timescale_engine.refresh_readers(source) THEN
    RETURN true;
  END IF;
  IF due.ends > timescale_engine.closed_until(source) THEN
    PERFORM timescale_engine.require_current_readers(source);
    RETURN false;
  END IF;

  -- the view is not locked longer than it takes
  IF timescale_engine.archive_lacks_something(source, config) THEN
    PERFORM timescale_engine.prepare_archive(target, config);
    RETURN true;
  END IF;
  FOREACH chunk IN ARRAY due.chunks LOOP
    PERFORM timescale_engine.lock_gently(chunk, 'SHARE ROW EXCLUSIVE');
  END LOOP;
  span := format('%I >= %s AND %I < %s', due.time_column, due.first, due.time_column, due.until);
  before := timescale_engine.archived_sums(archive, hash, span);
  IF before.rows > 0 AND timescale_engine.supersede(
    source, archive, target, due.time_column, due.first, due.until
  ) > 0 THEN
    before := timescale_engine.archived_sums(archive, hash, span);
  END IF;
  wanted := timescale_engine.row_sums(target, hash, span);
  copied := timescale_engine.copy_rows(target, archive, column_list, span);
  PERFORM timescale_engine.settle_chunk(archive::regclass, due.ends, copied);
  stored := timescale_engine.archived_sums(archive, hash, span);
  IF copied <> wanted.rows
     OR stored.rows <> before.rows + wanted.rows
     OR stored.checksum <> before.checksum + wanted.checksum THEN
    RAISE data_corrupted USING
      MESSAGE = format('%s: %s rows of %s did not arrive in %s as they were.',
                       target, wanted.rows, span, archive);
  END IF;
  FOREACH chunk IN ARRAY due.chunks LOOP
    PERFORM timescale_engine.lock_gently(chunk, 'ACCESS EXCLUSIVE');
    EXECUTE format('DROP TABLE %s', chunk);
  END LOOP;
  RETURN true;
END
$function$;

-- The chunk below `ends` after so many rows came to it: what was appended is entered into BRIN indexes,
-- which only vacuum would do, and statistics follow a change of a tenth. Without, a read of one
-- instant knows nothing of where it lies.
CREATE OR REPLACE FUNCTION timescale_engine.settle_chunk(
  hypertable regclass, ends timestamp, added bigint
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  changed record;
BEGIN
  FOR changed IN
    SELECT c.chunk, added * 10 >= p.reltuples AS is_outdated
    FROM timescale_engine.chunks_of(hypertable) AS c
    JOIN pg_class AS p ON p.oid = c.chunk::regclass
    WHERE c.span @> ends - INTERVAL '1 microsecond'
  LOOP
    PERFORM brin_summarize_new_values(i.indexrelid)
    FROM pg_index AS i
    JOIN pg_class AS x ON x.oid = i.indexrelid
    JOIN pg_am AS m ON m.oid = x.relam
    WHERE i.indrelid = changed.chunk::regclass AND m.amname = 'brin';
    IF changed.is_outdated THEN
      EXECUTE format('ANALYZE %s', changed.chunk);
    END IF;
  END LOOP;
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
