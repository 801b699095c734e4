-- What happened to a table since rows of it were archived: columns that came or went, rows written anew,
-- keys of other tables, triggers of its owner's. Nothing of it changes a row on its way.

-- An error with the way out where an archive has a column that its table has not, or of another type:
-- whether it was renamed or dropped, only its owner knows.
CREATE OR REPLACE FUNCTION timescale_engine.require_same_columns(
  source regclass, archive regclass, history_view text
) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  odd record;
BEGIN
  SELECT a.attname AS name,
         s.attname IS NULL AS is_gone,
         format_type(s.atttypid, s.atttypmod) AS type
  INTO odd
  FROM pg_attribute AS a
  LEFT JOIN pg_attribute AS s
    ON s.attrelid = source AND s.attname = a.attname AND s.attnum > 0 AND NOT s.attisdropped
  WHERE a.attrelid = archive AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.atttypid, a.atttypmod) IS DISTINCT FROM (s.atttypid, s.atttypmod)
  ORDER BY a.attnum
  LIMIT 1;
  IF odd.is_gone THEN
    RAISE object_not_in_prerequisite_state USING MESSAGE = format(
      'The archive %1$s has the column %3$I, and %2$s has it no more. If it was renamed:'
      ' ALTER TABLE %1$s RENAME COLUMN %3$I TO its_new_name;'
      ' ALTER VIEW %4$s RENAME COLUMN %3$I TO its_new_name;'
      ' if it was dropped: ALTER TABLE %1$s DROP COLUMN %3$I;',
      archive, source, odd.name, history_view
    );
  ELSIF FOUND THEN
    RAISE object_not_in_prerequisite_state USING MESSAGE = format(
      'The column %3$I has another type in %2$s than in its archive:'
      ' ALTER TABLE %1$s ALTER COLUMN %3$I TYPE %4$s;',
      archive, source, odd.name, odd.type
    );
  END IF;
END
$function$;

-- What gives an archive the columns that its table has got since. Rows that are there already read a new
-- column's default in the table, and so they do here; the table's own rules for a column hold no longer
-- than it has them.
CREATE OR REPLACE FUNCTION timescale_engine.column_changes(source regclass, archive regclass)
RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.command
  FROM pg_attribute AS a
  LEFT JOIN pg_attribute AS b
    ON b.attrelid = archive AND b.attname = a.attname AND b.attnum > 0 AND NOT b.attisdropped
  CROSS JOIN LATERAL (
    VALUES
      (1, b.attname IS NULL, format(
        'ALTER TABLE %s ADD COLUMN %I %s%s', archive, a.attname,
        format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.atthasmissing THEN format(
          ' DEFAULT %L', (a.attmissingval::text::text[])[1]
        ) END
      )),
      (2, b.attname IS NULL AND a.atthasmissing, format(
        'ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', archive, a.attname
      )),
      (3, b.attnotnull AND NOT a.attnotnull, format(
        'ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', archive, a.attname
      ))
  ) AS c (step, is_needed, command)
  WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND c.is_needed
  ORDER BY a.attnum, c.step
$$;

-- An error where another table's key refers to rows that would be moved away.
CREATE OR REPLACE FUNCTION timescale_engine.require_unreferenced(source regclass) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  key record;
BEGIN
  SELECT c.conname AS name, c.conrelid::regclass AS referring
  INTO key
  FROM pg_constraint AS c
  WHERE c.confrelid = source AND c.contype = 'f'
  ORDER BY c.conname
  LIMIT 1;
  IF FOUND THEN
    RAISE dependent_objects_still_exist USING MESSAGE = format(
      'Archiving of %s waits: the foreign key %I of %s refers to its rows, which cannot leave it then:'
      ' ALTER TABLE %s DROP CONSTRAINT %I',
      source, key.name, key.referring, key.referring, key.name
    );
  END IF;
END
$function$;

-- The unique keys of a table and its archive, each as the condition that rows `a` and `n` have the same.
CREATE OR REPLACE FUNCTION timescale_engine.same_keys(source regclass, archive regclass)
RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT (
    SELECT string_agg(
      format(
        CASE WHEN i.indnullsnotdistinct THEN 'a.%1$I IS NOT DISTINCT FROM n.%1$I'
             ELSE 'a.%1$I = n.%1$I' END,
        k.attname
      ),
      ' AND ' ORDER BY k.attname
    )
    FROM pg_attribute AS k
    WHERE k.attrelid = i.indrelid
      AND k.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
  )
  FROM pg_index AS i
  WHERE i.indrelid IN (source, archive)
    AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
$$;

-- Takes the rows of a span out of an archive whose key a row of `newer` bears: it was written after they
-- were archived, as over the old one. They are kept whole; how many there were. Bounds are literals.
CREATE OR REPLACE FUNCTION timescale_engine.supersede(
  source regclass, archive text, newer text, time_column name, first text, until text
) RETURNS bigint
LANGUAGE plpgsql
SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0
SET search_path FROM CURRENT
AS $function$
DECLARE
  same text;
  clashing text;
  clash record;
  kept bigint;
  removed bigint;
  superseded bigint := 0;
BEGIN
  FOR same IN SELECT timescale_engine.same_keys(source, archive::regclass) LOOP
    clashing := format(
      'a.%1$I >= %2$s AND a.%1$I < %3$s AND EXISTS ('
      'SELECT FROM %4$s AS n WHERE n.%1$I >= %2$s AND n.%1$I < %3$s AND %5$s)',
      time_column, first, until, newer, same
    );
    EXECUTE format(
      'SELECT count(*) AS rows, min(a.%1$I)::text AS oldest, max(a.%1$I)::text AS newest'
      ' FROM %2$s AS a WHERE %3$s',
      time_column, archive, clashing
    ) INTO clash;
    CONTINUE WHEN clash.rows = 0;
    -- in the columnstore every batch of the bounds is opened
    clashing := format(
      'a.%1$I >= %2$L AND a.%1$I <= %3$L AND %4$s', time_column, clash.oldest, clash.newest, clashing
    );
    EXECUTE format(
      'INSERT INTO timescale_engine.superseded (target, "row")'
      ' SELECT %L, to_jsonb(a) FROM %s AS a WHERE %s',
      timescale_engine.full_name(source), archive, clashing
    );
    GET DIAGNOSTICS kept = ROW_COUNT;
    EXECUTE format('DELETE FROM %s AS a WHERE %s', archive, clashing);
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed <> kept THEN
      RAISE data_corrupted USING MESSAGE = format(
        '%s: %s rows that newer ones replace were kept, but %s removed; nothing was changed.',
        archive, kept, removed
      );
    END IF;
    superseded := superseded + kept;
  END LOOP;
  RETURN superseded;
END
$function$;

-- The triggers of a table's owner that fire on each row inserted; the engine has none of them.
CREATE OR REPLACE FUNCTION timescale_engine.row_triggers(source regclass)
RETURNS TABLE (name name, again text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT
    t.tgname,
    array_remove(ARRAY[
      pg_get_triggerdef(t.oid),
      CASE WHEN t.tgenabled = 'A' THEN
        format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', source, t.tgname)
      END,
      format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, source, d.description)
    ], NULL)
  FROM pg_trigger AS t
  JOIN pg_proc AS p ON p.oid = t.tgfoid
  LEFT JOIN pg_description AS d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = t.oid
  WHERE t.tgrelid = source
    AND NOT t.tgisinternal
    AND t.tgtype & 5 = 5 -- of a row, on INSERT
    AND t.tgenabled IN ('O', 'A')
    -- the extension has one that keeps rows out of the hypertable itself
    AND p.pronamespace::regnamespace::text NOT LIKE '\_timescaledb\_%'
$$;

-- Lets them step aside for rows that come back: they fired when these were written. Until the end of the
-- transaction nobody else reaches the table; what brings them back is returned.
CREATE OR REPLACE FUNCTION timescale_engine.put_triggers_aside(source regclass) RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  owners record;
  commands text[] := '{}';
BEGIN
  IF EXISTS (SELECT FROM timescale_engine.row_triggers(source)) THEN
    PERFORM timescale_engine.lock_gently(source::text, 'ACCESS EXCLUSIVE');
  END IF;
  FOR owners IN SELECT * FROM timescale_engine.row_triggers(source) AS t ORDER BY t.name LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', owners.name, source);
    commands := commands || owners.again;
  END LOOP;
  RETURN commands;
END
$function$;

CREATE OR REPLACE FUNCTION timescale_engine.run_all(commands text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY commands LOOP
    EXECUTE command;
  END LOOP;
END
$function$;
