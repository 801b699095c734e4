-- name: settings
-- Types and names are printed with their schemas, and bodies are taken as they are.
SELECT set_config('search_path', 'pg_catalog', true),
       set_config('check_function_bodies', 'off', true),
       set_config('client_min_messages', 'error', true);

-- name: temporary_schema
SELECT nspname AS name
FROM pg_namespace
WHERE oid = pg_my_temp_schema();

-- name: routines
-- The routines of a schema, or those of these names. An overload is a routine of its own.
SELECT n.nspname AS schema,
       p.proname AS name,
       CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
       pg_get_function_identity_arguments(p.oid) AS arguments,
       pg_get_functiondef(p.oid) AS definition
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p', 'w')
  AND (
    n.nspname = :schema
    OR (n.nspname, p.proname) IN (
      SELECT w.schema, w.name
      FROM unnest(CAST(:schemas AS text[]), CAST(:names AS text[])) AS w (schema, name)
    )
  )
ORDER BY n.nspname, p.proname, arguments;

-- name: triggers
-- Triggers that call a routine of a schema, or that stand on these tables under these names; those
-- on chunks, which follow their hypertable's, are nobody's.
SELECT t.tgname AS name,
       n.nspname AS schema,
       c.relname AS table,
       pg_get_triggerdef(t.oid) AS definition,
       CASE t.tgenabled
         WHEN 'D' THEN 'DISABLE'
         WHEN 'R' THEN 'ENABLE REPLICA'
         WHEN 'A' THEN 'ENABLE ALWAYS'
       END AS firing
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_namespace AS f ON f.oid = p.pronamespace
WHERE NOT t.tgisinternal
  AND n.nspname = ANY (CAST(:table_schemas AS text[]))
  AND (
    f.nspname = :schema
    OR (n.nspname, c.relname, t.tgname) IN (
      SELECT w.schema, w.table, w.name
      FROM unnest(
        CAST(:schemas AS text[]), CAST(:tables AS text[]), CAST(:names AS text[])
      ) AS w (schema, "table", name)
    )
  )
ORDER BY n.nspname, c.relname, t.tgname;

-- name: sequences
SELECT n.nspname AS schema,
       c.relname AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'S'
  AND (n.nspname, c.relname) IN (
    SELECT w.schema, w.name
    FROM unnest(CAST(:schemas AS text[]), CAST(:names AS text[])) AS w (schema, name)
  );
