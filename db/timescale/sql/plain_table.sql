-- name: define
-- A hypertable rebuilt as a plain table of the same name: rows, defaults, sequences, constraints,
-- indexes, triggers, views, owner, grants and comments are carried along. TimescaleDB has no call for
-- this. Everything happens in the transaction of the caller; `leave_out` names constraints and
-- indexes that the plain table does not get.
CREATE OR REPLACE FUNCTION pg_temp.timescale_plain_table(source regclass, leave_out text[])
RETURNS void
LANGUAGE plpgsql
AS $function$
DECLARE
  target text;
  target_name text;
  shadow text;
  column_list text;
  before_drop text[];
  after_rename text[];
  statement text;
BEGIN
  IF NOT EXISTS (
    SELECT
    FROM timescaledb_information.hypertables AS h
    WHERE format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass = source
  ) THEN
    RETURN;
  END IF;

  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', source);

  SELECT string_agg(DISTINCT format('%I.%I', n.nspname, c.relname), ', ')
  INTO statement
  FROM (
    SELECT v.oid
    FROM pg_depend AS d
    JOIN pg_rewrite AS r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_class AS v ON v.oid = r.ev_class AND v.oid <> source
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = source AND v.relkind <> 'v'
    UNION ALL
    SELECT f.conrelid
    FROM pg_constraint AS f
    WHERE f.confrelid = source AND f.conrelid <> source
    UNION ALL
    SELECT p.polrelid
    FROM pg_policy AS p
    WHERE p.polrelid = source
    UNION ALL
    SELECT to_regclass(format('%I.%I', a.user_view_schema, a.user_view_name))
    FROM _timescaledb_catalog.continuous_agg AS a
    JOIN _timescaledb_catalog.hypertable AS h ON h.id = a.raw_hypertable_id
    WHERE format('%I.%I', h.schema_name, h.table_name)::regclass = source
  ) AS dependent
  JOIN pg_class AS c ON c.oid = dependent.oid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace;
  IF statement IS NOT NULL THEN
    RAISE EXCEPTION '% cannot be made a plain table: it has what cannot be carried along', source
      USING HINT = format('Drop first (views, foreign keys, row security), or downgrade in order: %s.',
                          statement);
  END IF;

  SELECT format('%I.%I', n.nspname, c.relname),
         quote_ident(c.relname),
         format('%I.%I', n.nspname, 'timescale_plain_' || c.oid)
  INTO target, target_name, shadow
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = source;

  WITH RECURSIVE
  -- views upon views, nearest first
  view (oid, depth) AS (
    SELECT source::oid, 0
    UNION
    SELECT r.ev_class, view.depth + 1
    FROM view
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = view.oid
    JOIN pg_rewrite AS r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    WHERE r.ev_class <> view.oid
  ),
  views AS (
    SELECT c.oid,
           max(view.depth) AS depth,
           format('%I.%I', n.nspname, c.relname) AS name
    FROM view
    JOIN pg_class AS c ON c.oid = view.oid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid <> source
    GROUP BY c.oid, n.nspname, c.relname
  ),
  relations AS (
    SELECT source::oid AS oid, target AS name, 0 AS depth
    UNION ALL
    SELECT oid, name, depth FROM views
  ),
  steps (phase, position, command) AS (
    SELECT 1, -depth, format('DROP VIEW %s', name)
    FROM views
    UNION ALL
    SELECT 1, 1, format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', n.nspname, s.relname, shadow, a.attname)
    FROM pg_depend AS d
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = s.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refobjid = source AND d.deptype = 'a'
    UNION ALL
    SELECT 2, CASE contype WHEN 'f' THEN 30 ELSE 10 END,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE conrelid = source AND contype IN ('p', 'u', 'x', 'f') AND conname <> ALL (leave_out)
    UNION ALL
    SELECT 2, 20, pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = source
      AND i.indisvalid
      AND c.relname <> ALL (leave_out)
      AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
    UNION ALL
    SELECT 2, CASE r.depth WHEN 0 THEN 40 ELSE 900 END, pg_get_triggerdef(t.oid)
    FROM relations AS r
    JOIN pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    WHERE t.tgname NOT IN ('ts_insert_blocker', 'ts_cagg_invalidation_trigger')
    UNION ALL
    SELECT 2, 41, format('ALTER TABLE %s %s TRIGGER %I', target,
                         CASE tgenabled
                           WHEN 'D' THEN 'DISABLE'
                           WHEN 'A' THEN 'ENABLE ALWAYS'
                           ELSE 'ENABLE REPLICA'
                         END, tgname)
    FROM pg_trigger
    WHERE tgrelid = source AND NOT tgisinternal AND tgenabled <> 'O'
    UNION ALL
    SELECT 2, 42, format('ALTER TABLE %s REPLICA IDENTITY %s', target,
                         CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
    FROM pg_class
    WHERE oid = source AND relreplident IN ('f', 'n')
    UNION ALL
    SELECT 2, 50 + depth, format('CREATE VIEW %s AS %s', name, pg_get_viewdef(oid))
    FROM views
    UNION ALL
    SELECT 2, 1000, format('ALTER TABLE %s SET (%s)', r.name, array_to_string(c.reloptions, ', '))
    FROM relations AS r
    JOIN pg_class AS c ON c.oid = r.oid
    WHERE c.reloptions IS NOT NULL
    UNION ALL
    SELECT 2, 1001, format('COMMENT ON %s %s IS %L', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                           r.name, obj_description(c.oid, 'pg_class'))
    FROM relations AS r
    JOIN pg_class AS c ON c.oid = r.oid
    WHERE obj_description(c.oid, 'pg_class') IS NOT NULL
    UNION ALL
    SELECT 2, 1002, format('ALTER TABLE %s OWNER TO %I', r.name, pg_get_userbyid(c.relowner))
    FROM relations AS r
    JOIN pg_class AS c ON c.oid = r.oid
    UNION ALL
    SELECT 2, 1003, format('GRANT %s ON %s TO %s%s', a.privilege_type, r.name,
                           CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                           CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM relations AS r
    JOIN pg_class AS c ON c.oid = r.oid
    CROSS JOIN LATERAL aclexplode(c.relacl) AS a
    WHERE a.grantee <> c.relowner
    UNION ALL
    SELECT 2, 1004, format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, a.attname, r.name,
                           CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
                           CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM relations AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attacl IS NOT NULL
    CROSS JOIN LATERAL aclexplode(a.attacl) AS x
    UNION ALL
    SELECT 2, 1005, format('ALTER PUBLICATION %I ADD TABLE %s', p.pubname, target)
    FROM pg_publication_rel AS r
    JOIN pg_publication AS p ON p.oid = r.prpubid
    WHERE r.prrelid = source
  )
  SELECT array_agg(command ORDER BY position, command) FILTER (WHERE phase = 1),
         array_agg(command ORDER BY position, command) FILTER (WHERE phase = 2)
  INTO before_drop, after_rename
  FROM steps;

  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
  INTO column_list
  FROM pg_attribute
  WHERE attrelid = source AND attnum > 0 AND NOT attisdropped AND attgenerated = '';

  EXECUTE format(
    'CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES)', shadow, target
  );
  EXECUTE format(
    'INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s',
    shadow, column_list, column_list, target
  );
  -- an identity column got a sequence of its own, which must go on where the old one stands
  FOR statement IN
    SELECT format(
      'SELECT setval(pg_get_serial_sequence(%L, %L), s.last_value, s.is_called) FROM %s AS s',
      shadow, attname, pg_get_serial_sequence(target, attname)
    )
    FROM pg_attribute
    WHERE attrelid = source AND attidentity <> '' AND NOT attisdropped
  LOOP
    EXECUTE statement;
  END LOOP;

  SELECT after_rename || array_agg(
           format('ALTER SEQUENCE %s RENAME TO %I', pg_get_serial_sequence(shadow, attname), s.relname)
         )
  INTO after_rename
  FROM pg_attribute
  JOIN pg_class AS s ON s.oid = pg_get_serial_sequence(target, attname)::regclass
  WHERE attrelid = source AND attidentity <> '' AND NOT attisdropped;

  FOREACH statement IN ARRAY coalesce(before_drop, '{}') LOOP
    EXECUTE statement;
  END LOOP;
  EXECUTE format('DROP TABLE %s', target);
  EXECUTE format('ALTER TABLE %s RENAME TO %s', shadow, target_name);
  FOREACH statement IN ARRAY coalesce(after_rename, '{}') LOOP
    EXECUTE statement;
  END LOOP;
END
$function$;

-- name: call
SELECT pg_temp.timescale_plain_table({table}, {leave_out});

-- name: forget
DROP FUNCTION pg_temp.timescale_plain_table(regclass, text[]);
