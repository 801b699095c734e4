What commands need of a role: each query gives what is missing, with the statement that grants it.

-- name: owns_tables
-- Tables and views that commands alter: the old program's and ours. A member of their owner will do.
SELECT format('ownership of %I.%I', n.nspname, c.relname) AS missing,
       format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) AS statement
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v')
  AND (
      n.nspname IN ('timescale_engine', 'archive', 'oi_convert')
      OR n.nspname = 'public' AND c.relname IN (
          'option_chain_snapshots', 'ml_features', 'exchange_metadata', 'training_batches',
          'vix_term_structure', 'macro_signals', 'order_book_depth_snapshots',
          'paper_trading_metrics', 'snapshots', 'option_chain_latest', 'chain_summary',
          'snapshot_touched', 'alembic_version'
      )
  )
  AND NOT pg_has_role(current_user, c.relowner, 'USAGE')
ORDER BY 1

-- name: owns_table
SELECT format('ownership of %I.%I', n.nspname, c.relname) AS missing,
       format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) AS statement
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(:table) AND NOT pg_has_role(current_user, c.relowner, 'USAGE')

-- name: owns_engine
-- Rollups and archives are written, locked and dropped chunk by chunk.
SELECT format('ownership of what is in %I', n.nspname) AS missing,
       format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) AS statement
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v')
  AND n.nspname IN ('timescale_engine', 'archive')
  AND NOT pg_has_role(current_user, c.relowner, 'USAGE')
GROUP BY n.nspname, c.relowner
ORDER BY 1

-- name: owns_database
-- Only its owner may set the database's time zone and how many rows a clean-up opens, which is done once.
SELECT 'ownership of the database' AS missing,
       format('GRANT %I TO %I', pg_get_userbyid(d.datdba), current_user) AS statement
FROM pg_database AS d
WHERE d.datname = current_database()
  AND NOT pg_has_role(current_user, d.datdba, 'USAGE')
  AND (
      SELECT count(*)
      FROM pg_db_role_setting AS s
      CROSS JOIN unnest(s.setconfig) AS entry
      WHERE s.setdatabase = d.oid
        AND s.setrole = 0
        AND (
            entry ILIKE 'timezone=Asia/Kolkata'
            OR entry ILIKE 'timescaledb.max_tuples_decompressed_per_dml_transaction=%'
        )
  ) < 2

-- name: makes_schemas
SELECT 'making schemas' AS missing,
       format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) AS statement
WHERE NOT has_database_privilege(current_database(), 'CREATE')

-- name: makes_tables
SELECT 'making tables' AS missing,
       format('GRANT CREATE ON SCHEMA public TO %I', current_user) AS statement
WHERE NOT has_schema_privilege('public', 'CREATE')

-- name: makes_temporary
SELECT 'making temporary tables' AS missing,
       format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), current_user) AS statement
WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')

-- name: uses_schemas
SELECT format('use of the schema %I', n.nspname) AS missing,
       format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, current_user) AS statement
FROM pg_namespace AS n
WHERE n.nspname IN ('public', 'timescale_engine', 'live_edge', 'archive', 'oi_convert')
  AND NOT has_schema_privilege(n.oid, 'USAGE')
ORDER BY 1

-- name: reads_tables
-- What the toolkit keeps of itself; of users' tables only their sizes are read.
SELECT format('reading what is in %I', n.nspname) AS missing,
       format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', n.nspname, current_user) AS statement
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v')
  AND n.nspname IN ('timescale_engine', 'oi_convert')
  AND NOT has_table_privilege(c.oid, 'SELECT')
GROUP BY n.nspname
UNION ALL
SELECT 'reading the revision',
       format('GRANT SELECT ON %I.%I TO %I', n.nspname, c.relname, current_user)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public'
  AND c.relname = 'alembic_version'
  AND NOT has_table_privilege(c.oid, 'SELECT')
ORDER BY 1

-- name: reads_aggregates
-- How far a continuous aggregate is filled is told to those who may read it.
SELECT format('reading %I.%I', n.nspname, c.relname) AS missing,
       format('GRANT SELECT ON %I.%I TO %I', n.nspname, c.relname, current_user) AS statement
FROM _timescaledb_catalog.continuous_agg AS a
JOIN pg_namespace AS n ON n.nspname = a.user_view_schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = a.user_view_name
WHERE NOT has_table_privilege(c.oid, 'SELECT')
ORDER BY 1

-- name: writes_tables
SELECT format('reading and writing %I.%I', n.nspname, c.relname) AS missing,
       format(
           'GRANT SELECT, INSERT ON %I.%I TO %I', n.nspname, c.relname, current_user
       ) AS statement
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public'
  AND c.relkind = 'r'
  AND c.relname IN (
      'option_chain_snapshots', 'ml_features', 'exchange_metadata', 'training_batches',
      'vix_term_structure', 'macro_signals', 'order_book_depth_snapshots', 'paper_trading_metrics'
  )
  AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT'))
ORDER BY 1
