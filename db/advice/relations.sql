-- name: relation_facts
-- A table or chunk as a plan names it, with the hypertable it belongs to.
SELECT
    coalesce(root_space.nspname, space.nspname) AS root_schema,
    coalesce(root.relname, found.relname) AS root_name,
    root.oid IS NOT NULL AS is_chunk,
    greatest(found.reltuples, 0) AS row_count,
    pg_total_relation_size(found.oid) AS size_bytes
FROM pg_class AS found
JOIN pg_namespace AS space ON space.oid = found.relnamespace
LEFT JOIN pg_inherits AS child ON child.inhrelid = found.oid
LEFT JOIN pg_class AS root ON root.oid = child.inhparent
LEFT JOIN pg_namespace AS root_space ON root_space.oid = root.relnamespace
WHERE space.nspname = :schema
  AND found.relname = :name;

-- name: hypertables
-- Users' hypertables with their newest closed chunk: the last but one by time.
SELECT
    h.hypertable_schema AS schema,
    h.hypertable_name AS name,
    d.column_name AS time_column,
    d.time_interval AS chunk_interval,
    h.num_chunks AS chunk_count,
    h.compression_enabled AS has_columnstore,
    sizes.row_count AS row_count,
    sizes.size_bytes AS size_bytes,
    closed.chunk_schema AS closed_schema,
    closed.chunk_name AS closed_name,
    closed.row_count AS closed_row_count,
    closed.size_bytes AS closed_size_bytes
FROM timescaledb_information.hypertables AS h
JOIN timescaledb_information.dimensions AS d
    ON d.hypertable_schema = h.hypertable_schema
    AND d.hypertable_name = h.hypertable_name
    AND d.dimension_number = 1
LEFT JOIN LATERAL (
    SELECT
        sum(greatest(part.reltuples, 0)) AS row_count,
        sum(pg_total_relation_size(part.oid)) AS size_bytes
    FROM pg_inherits AS child
    JOIN pg_class AS part ON part.oid = child.inhrelid
    WHERE child.inhparent
        = to_regclass(format('%I.%I', h.hypertable_schema, h.hypertable_name))
) AS sizes ON true
LEFT JOIN LATERAL (
    SELECT
        k.chunk_schema,
        k.chunk_name,
        greatest(part.reltuples, 0) AS row_count,
        pg_total_relation_size(part.oid) AS size_bytes
    FROM timescaledb_information.chunks AS k
    JOIN pg_class AS part
        ON part.oid = to_regclass(format('%I.%I', k.chunk_schema, k.chunk_name))
    WHERE k.hypertable_schema = h.hypertable_schema
      AND k.hypertable_name = h.hypertable_name
      AND NOT k.is_compressed
    ORDER BY k.range_start DESC
    OFFSET 1
    LIMIT 1
) AS closed ON true
WHERE d.time_interval IS NOT NULL
  AND h.hypertable_schema NOT IN ('timescale_engine', '_timescaledb_internal')
ORDER BY h.hypertable_schema, h.hypertable_name;

-- name: shared_buffers
SELECT setting::bigint * 8192 AS size_bytes FROM pg_settings WHERE name = 'shared_buffers';

-- name: distinct_values
-- How many values a column of a table has: negative estimates are shares of its rows.
SELECT
    CASE
        WHEN seen.n_distinct >= 0 THEN seen.n_distinct::double precision
        ELSE -seen.n_distinct * greatest(part.reltuples, 0)
    END AS values_count
FROM pg_stats AS seen
JOIN pg_class AS part
    ON part.oid = to_regclass(format('%I.%I', seen.schemaname, seen.tablename))
WHERE seen.schemaname = :schema
  AND seen.tablename = :name
  AND seen.attname = :column
  AND NOT seen.inherited;

-- name: rollup_sources
-- What rollups read from already, with the columns they keep apart.
SELECT
    spec ->> 'name' AS name,
    spec ->> 'source' AS source,
    ARRAY(SELECT jsonb_array_elements_text(spec -> 'group_by')) AS group_by
FROM timescale_engine.rollup;

-- name: has_rollups
SELECT to_regclass('timescale_engine.rollup') IS NOT NULL AS found;

-- name: hypopg_is_available
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg') AS found;

-- name: hypothetical_index
SELECT indexname AS name FROM hypopg_create_index(:definition);
