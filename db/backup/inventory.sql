What a database holds, thing by thing: the same before and after means that nothing is missing.
Chunks are told through their hypertables, what an extension brings through the extension.

-- name: settings
SELECT set_config('TimeZone', 'UTC', false),
       set_config('DateStyle', 'ISO', false),
       set_config('IntervalStyle', 'postgres', false),
       set_config('bytea_output', 'hex', false),
       set_config('extra_float_digits', '1', false),
       -- names stand with their schemas in what the server prints
       set_config('search_path', 'pg_catalog', false);

-- name: tables
SELECT n.nspname AS schema,
       c.relname AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm')
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  -- its rows are those of a hypertable, packed
  AND c.relname !~ '^_compressed_hypertable_'
  AND NOT EXISTS (SELECT FROM pg_inherits AS child WHERE child.inhrelid = c.oid)
  AND NOT EXISTS (
      SELECT
      FROM pg_depend AS owned
      WHERE owned.classid = 'pg_class'::regclass
        AND owned.objid = c.oid
        AND owned.deptype = 'e'
  )
ORDER BY n.nspname, c.relname;

-- name: rows
SELECT count(*) AS rows,
       coalesce(sum(hashtextextended(held::text, 0)::numeric), 0)::text AS checksum
FROM {table} AS held;

-- name: things
WITH ours AS (
    SELECT c.oid AS oid,
           c.relkind AS kind,
           n.nspname AS schema,
           format('%I.%I', n.nspname, c.relname) AS name,
           c.relacl AS acl,
           c.relowner AS owner
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema'
      AND n.nspname !~ '^pg_'
      AND c.relkind IN ('r', 'p', 'm', 'v', 'S')
      AND c.relname !~ '^_compressed_hypertable_'
      AND NOT EXISTS (SELECT FROM pg_inherits AS child WHERE child.inhrelid = c.oid)
      AND NOT EXISTS (
          SELECT
          FROM pg_depend AS owned
          WHERE owned.classid = 'pg_class'::regclass
            AND owned.objid = c.oid
            AND owned.deptype = 'e'
      )
)
SELECT 'column' AS kind,
       format('%s.%I', ours.name, a.attname) AS name,
       concat_ws(
           ' ',
           format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attnotnull THEN 'NOT NULL' END,
           CASE WHEN a.attidentity <> '' THEN 'IDENTITY ' || a.attidentity::text END,
           pg_get_expr(d.adbin, d.adrelid)
       ) AS definition
FROM ours
JOIN pg_attribute AS a ON a.attrelid = ours.oid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND ours.kind <> 'S'
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) ||
       CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
FROM ours
JOIN pg_index AS i ON i.indrelid = ours.oid
UNION ALL
SELECT 'constraint', format('%s %I', ours.name, k.conname), pg_get_constraintdef(k.oid)
FROM ours
JOIN pg_constraint AS k ON k.conrelid = ours.oid
UNION ALL
SELECT 'trigger', format('%s %I', ours.name, t.tgname), pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
FROM ours
JOIN pg_trigger AS t ON t.tgrelid = ours.oid
WHERE NOT t.tgisinternal
UNION ALL
SELECT 'view', ours.name, pg_get_viewdef(ours.oid)
FROM ours
WHERE ours.kind IN ('v', 'm')
UNION ALL
-- not where it stands: writers move it on while the rest stands still for the dump
SELECT 'sequence', format('%I.%I', s.schemaname, s.sequencename),
       concat_ws(' ', s.data_type, s.start_value, s.increment_by)
FROM pg_sequences AS s
JOIN ours ON ours.oid = format('%I.%I', s.schemaname, s.sequencename)::regclass
UNION ALL
SELECT 'function', p.oid::regprocedure::text, md5(pg_get_functiondef(p.oid))
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p')
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT
      FROM pg_depend AS owned
      WHERE owned.classid = 'pg_proc'::regclass
        AND owned.objid = p.oid
        AND owned.deptype = 'e'
  )
UNION ALL
SELECT 'grant', format('%s to %s', ours.name, grantee.name), string_agg(
           each.privilege_type || CASE WHEN each.is_grantable THEN '*' ELSE '' END, ', '
           ORDER BY each.privilege_type
       )
FROM ours
CROSS JOIN aclexplode(
    coalesce(ours.acl, acldefault(CASE ours.kind WHEN 'S' THEN 's' ELSE 'r' END::"char", ours.owner))
) AS each
CROSS JOIN LATERAL (
    SELECT CASE each.grantee WHEN 0 THEN 'PUBLIC' ELSE each.grantee::regrole::text END AS name
) AS grantee
GROUP BY ours.name, grantee.name
UNION ALL
SELECT 'hypertable', format('%I.%I', h.hypertable_schema, h.hypertable_name), concat_ws(
           ' ', d.column_name, coalesce(d.time_interval::text, d.integer_interval::text),
           h.num_chunks || ' chunks', CASE WHEN h.compression_enabled THEN 'columnstore' END
       )
FROM timescaledb_information.hypertables AS h
JOIN timescaledb_information.dimensions AS d USING (hypertable_schema, hypertable_name)
WHERE d.dimension_number = 1
UNION ALL
SELECT 'continuous aggregate', format('%I.%I', c.view_schema, c.view_name), c.view_definition ||
       CASE WHEN c.materialized_only THEN ' materialized only' ELSE '' END
FROM timescaledb_information.continuous_aggregates AS c
UNION ALL
SELECT 'policy', j.job_id::text, concat_ws(
           ' ', format('%I.%I', j.proc_schema, j.proc_name), j.schedule_interval, j.config,
           CASE WHEN j.scheduled THEN NULL ELSE 'paused' END
       )
FROM timescaledb_information.jobs AS j
WHERE j.job_id >= 1000
UNION ALL
SELECT 'extension', e.extname, e.extversion
FROM pg_extension AS e
WHERE e.extname NOT IN ('plpgsql', 'pg_cron')
UNION ALL
SELECT 'setting', split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)
FROM pg_db_role_setting AS stored
JOIN pg_database AS named ON named.oid = stored.setdatabase
CROSS JOIN unnest(stored.setconfig) AS setting
WHERE named.datname = current_database()
  AND stored.setrole = 0
  AND split_part(setting, '=', 1) <> 'timescaledb.restoring';

-- name: roles
SELECT DISTINCT needed.role::regrole::text AS name
FROM (
    SELECT c.relowner AS role
    FROM pg_class AS c
    UNION
    SELECT p.proowner
    FROM pg_proc AS p
    UNION
    SELECT n.nspowner
    FROM pg_namespace AS n
    UNION
    SELECT each.grantee
    FROM pg_class AS c
    CROSS JOIN aclexplode(c.relacl) AS each
    UNION
    SELECT each.grantee
    FROM pg_namespace AS n
    CROSS JOIN aclexplode(n.nspacl) AS each
    UNION
    SELECT each.grantee
    FROM pg_proc AS p
    CROSS JOIN aclexplode(p.proacl) AS each
) AS needed
WHERE needed.role <> 0
  AND needed.role::regrole::text !~ '^pg_';

-- name: server
SELECT current_database() AS database,
       current_setting('server_version_num')::int / 10000 AS postgres,
       current_setting('timescaledb.license', true) AS license,
       (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'timescaledb') AS timescaledb;

-- name: occupied
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT
      FROM pg_depend AS owned
      WHERE owned.classid = 'pg_class'::regclass
        AND owned.objid = c.oid
        AND owned.deptype IN ('e', 'i', 'a')
  )
LIMIT 1;

-- name: missing_roles
SELECT wanted.name AS name
FROM unnest(%s::text[]) AS wanted (name)
WHERE to_regrole(wanted.name) IS NULL;

-- name: versions
SELECT EXISTS (
    SELECT
    FROM pg_available_extension_versions AS offered
    WHERE offered.name = 'timescaledb'
      AND offered.version = %s
) AS is_offered;
