-- name: physical_indexes
-- Every index of the users' tables and chunks with its use, size and shape. `root` is the
-- hypertable for a chunk's index, else the table itself.
SELECT
    coalesce(root_space.nspname, space.nspname) AS root_schema,
    coalesce(root.relname, owner.relname) AS root_name,
    root.oid IS NOT NULL AS on_chunk,
    space.nspname AS index_schema,
    held.relname AS index_name,
    access.amname AS method,
    kept.indisunique AS is_unique,
    kept.indisvalid AS is_valid,
    -- chunks carry copies of these by themselves
    EXISTS (
        SELECT FROM pg_constraint AS tied
        WHERE tied.conindid = kept.indexrelid
    ) AS is_constraint,
    substring(pg_get_indexdef(kept.indexrelid) FROM ' USING (.*)$') AS shape,
    ARRAY(
        SELECT pg_get_indexdef(kept.indexrelid, place, true)
        FROM generate_series(1, kept.indnkeyatts) AS place
        ORDER BY place
    ) AS key_columns,
    kept.indoption::text AS options,
    kept.indclass::text AS operator_classes,
    pg_get_expr(kept.indpred, kept.indrelid) AS predicate,
    kept.indnatts > kept.indnkeyatts AS is_covering,
    pg_relation_size(kept.indexrelid) AS size_bytes,
    coalesce(used.idx_scan, 0) AS scans,
    used.last_idx_scan AS last_scan,
    greatest(owner.reltuples, 0) AS row_count,
    widths.key_width_bytes
FROM pg_index AS kept
JOIN pg_class AS held ON held.oid = kept.indexrelid
JOIN pg_am AS access ON access.oid = held.relam
JOIN pg_class AS owner ON owner.oid = kept.indrelid AND owner.relkind IN ('r', 'm')
JOIN pg_namespace AS space ON space.oid = owner.relnamespace
LEFT JOIN pg_inherits AS child ON child.inhrelid = owner.oid
LEFT JOIN pg_class AS root ON root.oid = child.inhparent
LEFT JOIN pg_namespace AS root_space ON root_space.oid = root.relnamespace
LEFT JOIN pg_stat_all_indexes AS used ON used.indexrelid = kept.indexrelid
LEFT JOIN LATERAL (
    -- NULL where a key is an expression or was never analyzed: no estimate without widths
    SELECT CASE
        WHEN count(*) = kept.indnatts THEN sum(seen.avg_width)::double precision
    END AS key_width_bytes
    FROM pg_attribute AS named
    JOIN pg_stats AS seen
        ON seen.schemaname = space.nspname
        AND seen.tablename = owner.relname
        AND seen.attname = named.attname
        AND NOT seen.inherited
    WHERE named.attrelid = owner.oid
      AND named.attnum = ANY (kept.indkey::smallint[])
) AS widths ON true
WHERE coalesce(root_space.nspname, space.nspname) NOT IN (
        'pg_catalog', 'information_schema', 'pg_toast'
    )
  AND coalesce(root_space.nspname, space.nspname) NOT LIKE '\_timescaledb\_%'
  AND coalesce(root_space.nspname, space.nspname) NOT LIKE 'pg\_temp\_%'
  -- a conversion's tables, the replaced one among them, go when it is finished
  AND coalesce(root_space.nspname, space.nspname) NOT LIKE 'oi\_convert%'
ORDER BY root_schema, root_name, on_chunk, index_name;

-- name: statistics_age
-- Days over which the use of indexes has been counted.
SELECT
    extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time()))::double precision
        / 86400 AS days
FROM pg_stat_database
WHERE datname = current_database();
