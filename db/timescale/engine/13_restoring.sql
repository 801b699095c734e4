-- The way back out of an archive: span by span, each span one chunk of the table, in two transactions.
-- Rows go straight into their chunk, so that the table's statement triggers do not take every one of
-- them in hand again: what they kept (rollups, a live edge) was kept of these rows already.

-- The first instant from `since` on that the archive holds a row for, or NULL. Window by window:
-- no index leads with the time.
CREATE OR REPLACE FUNCTION timescale_engine.next_archived(
  archive text, time_column name, since timestamp, until timestamp, step interval, zoned boolean
) RETURNS timestamp
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_indexscan = off
SET enable_indexonlyscan = off
SET search_path FROM CURRENT
AS $function$
DECLARE
  held tsrange;
  found_instant timestamp;
BEGIN
  FOR held IN
    SELECT c.span * tsrange(since, until)
    FROM timescale_engine.chunks_of(archive::regclass) AS c
    WHERE c.span && tsrange(since, until)
    ORDER BY c.span
  LOOP
    since := lower(held);
    WHILE since < upper(held) LOOP
      EXECUTE format(
        'SELECT min(%1$I)%5$s FROM %2$s WHERE %1$I >= %3$L AND %1$I < %4$L',
        time_column, archive, timescale_engine.source_time(since, zoned),
        timescale_engine.source_time(least(since + step, upper(held)), zoned),
        CASE WHEN zoned THEN ' AT TIME ZONE ''UTC''' END
      ) INTO found_instant;
      IF found_instant IS NOT NULL THEN
        RETURN found_instant;
      END IF;
      since := since + step;
    END LOOP;
  END LOOP;
  RETURN NULL;
END
$function$;

-- Makes the chunk of an instant, empty, and no row is ever seen in it. Where the edition cannot be asked
-- for a chunk, a row of an instant that has none goes in and out: chunks are made by inserting. It goes
-- out by TRUNCATE of the chunk, which no trigger on deleted rows sees; the lock, which making a chunk
-- takes too, is why nobody else's row can be in there.
CREATE OR REPLACE FUNCTION timescale_engine.make_chunk(
  source regclass, time_column name, archive text, instant timestamp, zoned boolean
) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
DECLARE
  beside timestamp := instant + CASE
    WHEN instant = date_trunc('second', instant) THEN INTERVAL '1 microsecond'
    ELSE INTERVAL '-1 microsecond'
  END;
  width bigint := extract(epoch FROM timescale_engine.chunk_interval(source)) * 1000000;
  starts bigint := floor(extract(epoch FROM instant) * 1000000 / width) * width;
  columns text := timescale_engine.restored_columns(source);
  aside text[];
  made text;
BEGIN
  IF timescale_engine.edition() <> 'apache' THEN
    BEGIN
      PERFORM _timescaledb_functions.create_chunk(source, jsonb_build_object(
        time_column, jsonb_build_array(starts, starts + width)
      ));
      RETURN;
    EXCEPTION WHEN internal_error OR invalid_parameter_value THEN
      NULL; -- it would overlap a chunk of another interval; inserting finds what is left between
    END;
  END IF;
  PERFORM timescale_engine.lock_gently(
    'ONLY ' || timescale_engine.full_name(source), 'SHARE UPDATE EXCLUSIVE'
  );
  IF EXISTS (SELECT FROM timescale_engine.chunks_of(source) AS c WHERE c.span @> beside) THEN
    RETURN;
  END IF;
  aside := timescale_engine.put_triggers_aside(source);
  EXECUTE format(
    'INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE
     SELECT %3$s FROM %4$s WHERE %5$I = %6$L LIMIT 1',
    source, columns,
    (
      SELECT string_agg(
        CASE
          WHEN a.attname = time_column
            THEN format('%L', timescale_engine.source_time(beside, zoned))
          ELSE quote_ident(a.attname)
        END, ', ' ORDER BY a.attnum
      )
      FROM pg_attribute AS a
      WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ),
    archive, time_column, timescale_engine.source_time(instant, zoned)
  );
  SELECT c.chunk INTO STRICT made FROM timescale_engine.chunks_of(source) AS c WHERE c.span @> beside;
  EXECUTE format('TRUNCATE ONLY %s', made);
  PERFORM timescale_engine.run_all(aside);
END
$function$;

CREATE OR REPLACE FUNCTION timescale_engine.restored_columns(source regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
      SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
      FROM pg_attribute
      WHERE attrelid = source AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    )
$$;

-- Brings the next archived span of [window_from, window_to) back: copies, compares count and checksum,
-- takes it out of the archive, all in the transaction of the caller. Called again with what it
-- returned as `next_from`, a transaction a call, until that is NULL. The table's chunk is made in a call
-- of its own (`restored` is 0 then): the lock for that would keep waiting whoever needs a new chunk too.
-- Times are text in the type of the time column, ±infinity included.
CREATE OR REPLACE FUNCTION timescale_engine.restore_archive(
  target text, config jsonb, window_from text, window_to text,
  OUT next_from text, OUT restored bigint
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
DECLARE
  source regclass := target::regclass;
  archive text := config ->> 'archive_table';
  time_column name;
  zoned boolean;
  first timestamp;
  until timestamp;
  chunk record;
BEGIN
  restored := 0;
  IF to_regclass(archive) IS NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('timescale_engine.archive ' || target, 0));
  IF timescale_engine.archive_lacks_something(source, config) THEN
    PERFORM timescale_engine.prepare_archive(target, config);
    next_from := window_from;
    RETURN;
  END IF;
  SELECT d.column_name, d.column_type = 'timestamptz'::regtype
  INTO STRICT time_column, zoned
  FROM timescaledb_information.dimensions AS d
  WHERE format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass = source
    AND d.dimension_number = 1;
  until := CASE WHEN zoned THEN window_to::timestamptz AT TIME ZONE 'UTC' ELSE window_to::timestamp END;
  first := timescale_engine.next_archived(
    archive, time_column,
    CASE WHEN zoned THEN window_from::timestamptz AT TIME ZONE 'UTC' ELSE window_from::timestamp END,
    until, timescale_engine.chunk_interval(source), zoned
  );
  IF first IS NULL THEN
    RETURN;
  END IF;
  SELECT max(c.chunk) AS name, count(*) AS chunks, max(upper(c.span)) AS ends
  INTO chunk
  FROM timescale_engine.chunks_of(source) AS c
  WHERE c.span @> first;
  IF chunk.chunks = 0 THEN
    PERFORM timescale_engine.make_chunk(source, time_column, archive, first, zoned);
    next_from := timescale_engine.source_time(first, zoned);
    RETURN;
  END IF;
  IF timescale_engine.leave_columnstore(chunk.name) THEN
    next_from := timescale_engine.source_time(first, zoned);
    RETURN;
  END IF;
  until := least(until, chunk.ends);
  IF EXISTS (SELECT FROM timescale_engine.row_triggers(source)) THEN
    -- the table is nobody else's while they are aside: little at a time
    until := least(until, first + timescale_engine.chunk_interval(source) / 96);
  END IF;
  restored := timescale_engine.restore_span(
    source, archive, timescale_engine.destination(source, chunk.name, chunk.chunks), time_column,
    quote_literal(timescale_engine.source_time(first, zoned)),
    quote_literal(timescale_engine.source_time(until, zoned))
  );
  PERFORM timescale_engine.settle_chunk(source, until, restored);
  next_from := timescale_engine.source_time(until, zoned);
END
$function$;

-- Takes a chunk out of the columnstore, so that rows can go straight into it; false where it is not there.
CREATE OR REPLACE FUNCTION timescale_engine.leave_columnstore(chunk text) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
BEGIN
  IF NOT EXISTS (
    SELECT
    FROM timescaledb_information.chunks AS k
    WHERE format('%I.%I', k.chunk_schema, k.chunk_name) = chunk AND k.is_compressed
  ) THEN
    RETURN false;
  END IF;
  PERFORM timescale_engine.lock_gently(chunk, 'ACCESS EXCLUSIVE');
  PERFORM decompress_chunk(chunk::regclass);
  RETURN true;
END
$function$;

-- Where rows of a span go: to its chunk, or by way of the table where they have to be told apart by a
-- second dimension.
CREATE OR REPLACE FUNCTION timescale_engine.destination(
  source regclass, chunk text, chunks bigint
) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
      WHEN chunks = 1 AND NOT EXISTS (
        SELECT
        FROM timescaledb_information.dimensions AS d
        WHERE format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass = source
          AND d.dimension_number > 1
      ) THEN chunk
      ELSE source::text
    END
$$;

-- Moves the rows of a span back; how many. Of a row that was written anew since, the newer one stays.
-- Bounds are literals.
CREATE OR REPLACE FUNCTION timescale_engine.restore_span(
  source regclass, archive text, destination text, time_column name, first text, until text
) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
DECLARE
  span text := format('%1$I >= %2$s AND %1$I < %3$s', time_column, first, until);
  hash text := timescale_engine.row_hash(source);
  aside text[] := timescale_engine.put_triggers_aside(source);
  wanted record;
  kept record;
  stored record;
  copied bigint;
  removed bigint;
BEGIN
  kept := timescale_engine.row_sums(destination, hash, span);
  IF kept.rows > 0 THEN
    PERFORM timescale_engine.supersede(source, archive, destination, time_column, first, until);
  END IF;
  wanted := timescale_engine.archived_sums(archive, hash, span);
  BEGIN
    copied := timescale_engine.copy_rows(
      archive, destination, timescale_engine.restored_columns(source), span
    );
  EXCEPTION
    WHEN integrity_constraint_violation THEN
      RAISE data_corrupted USING MESSAGE = format(
        'A row of %s breaks a rule that %s has got since (%s): drop the rule, or change the row in the'
        ' archive; then run this again. Nothing of this span was moved.',
        archive, source, sqlerrm
      );
  END;
  stored := timescale_engine.row_sums(destination, hash, span);
  removed := timescale_engine.remove_archived(archive, span);
  IF copied <> wanted.rows OR removed <> wanted.rows
     OR stored.rows <> kept.rows + wanted.rows
     OR stored.checksum <> kept.checksum + wanted.checksum THEN
    RAISE data_corrupted USING MESSAGE = format(
      '%s: %s rows of %s did not come back as they were; nothing of this span was moved.',
      source, wanted.rows, span
    );
  END IF;
  PERFORM timescale_engine.run_all(aside);
  RETURN wanted.rows;
END
$function$;

CREATE OR REPLACE FUNCTION timescale_engine.remove_archived(archive text, span text) RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_indexscan = off
SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0
SET search_path FROM CURRENT
AS $function$
DECLARE
  removed bigint;
BEGIN
  EXECUTE format('DELETE FROM %s WHERE %s', archive, span);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$function$;

-- Drops one chunk of an archive that has given back its last row; false where there is none.
CREATE OR REPLACE FUNCTION timescale_engine.drop_emptied_chunk(target text, config jsonb)
RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
DECLARE
  emptied text;
  is_filled boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('timescale_engine.archive ' || target, 0));
  FOR emptied IN
    SELECT c.chunk
    FROM timescale_engine.chunks_of(to_regclass(config ->> 'archive_table')) AS c
    ORDER BY c.span
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', emptied) INTO is_filled;
    IF NOT is_filled THEN
      PERFORM timescale_engine.lock_gently(emptied, 'ACCESS EXCLUSIVE');
      EXECUTE format('SELECT EXISTS (SELECT FROM %s)', emptied) INTO is_filled;
      IF NOT is_filled THEN
        EXECUTE format('DROP TABLE %s', emptied);
        RETURN true;
      END IF;
    END IF;
  END LOOP;
  RETURN false;
END
$function$;

-- All of it from a script, a transaction a span.
CREATE OR REPLACE PROCEDURE timescale_engine.empty_archive(target text, config jsonb)
LANGUAGE plpgsql
AS $procedure$
DECLARE
  step record;
  since text := '-infinity';
BEGIN
  LOOP
    SELECT * INTO step FROM timescale_engine.restore_archive(target, config, since, 'infinity');
    COMMIT;
    EXIT WHEN step.next_from IS NULL;
    since := step.next_from;
  END LOOP;
END
$procedure$;

-- Removes an archive that holds no row any more, the view that read it, and their schema where it was
-- made for archives and this was the last.
CREATE OR REPLACE FUNCTION timescale_engine.dissolve_archive(target text, config jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $function$
DECLARE
  archive text := config ->> 'archive_table';
  parts text[] := parse_ident(archive);
  place regnamespace := to_regnamespace(quote_ident(parts[1]));
  is_filled boolean := false;
BEGIN
  IF to_regclass(archive) IS NOT NULL THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', archive) INTO is_filled;
  END IF;
  IF is_filled THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = format('%s still holds rows of %s; run this again.', archive, target);
  END IF;
  EXECUTE format('DROP VIEW IF EXISTS %s', config ->> 'history_view');
  EXECUTE format('DROP TABLE IF EXISTS %s', archive);
  IF cardinality(parts) = 2
     AND obj_description(place, 'pg_namespace') = timescale_engine.archive_mark()
     AND NOT EXISTS (
       SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = place
     ) THEN
    EXECUTE format('DROP SCHEMA %s', place);
  END IF;
END
$function$;
