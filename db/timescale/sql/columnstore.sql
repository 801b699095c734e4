-- name: enable
-- A continuous aggregate is altered as a materialized view.
-- https://docs.tigerdata.com/api/latest/hypercore/alter_table/
DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE oid = {regclass} AND relkind = 'v') THEN
    ALTER MATERIALIZED VIEW {table} SET (
      timescaledb.enable_columnstore = true,
      timescaledb.segmentby = {segment_by}{order_by}
    );
  ELSE
    ALTER TABLE {table} SET (
      timescaledb.enable_columnstore = true,
      timescaledb.segmentby = {segment_by}{order_by}
    );
  END IF;
END
$do$;

-- name: disable
-- Its policy would stand in the way of a later one.
DO $do$
BEGIN
  CALL remove_columnstore_policy({regclass}, if_exists => true);
  IF EXISTS (SELECT FROM pg_class WHERE oid = {regclass} AND relkind = 'v') THEN
    ALTER MATERIALIZED VIEW {table} SET (timescaledb.enable_columnstore = false);
  ELSE
    ALTER TABLE {table} SET (timescaledb.enable_columnstore = false);
  END IF;
END
$do$;

-- name: bring_all_back
SELECT decompress_chunk(c.chunk, if_compressed => true)
FROM show_chunks({table}) AS c (chunk);

-- name: chunks
SELECT c.chunk::text AS chunk
FROM show_chunks({table}, older_than => {older_than}) AS c (chunk)
JOIN timescaledb_information.chunks AS i
  ON format('%I.%I', i.chunk_schema, i.chunk_name)::regclass = c.chunk
WHERE i.is_compressed = {is_compressed}
ORDER BY i.range_start;

-- name: to_columnstore
-- https://docs.tigerdata.com/api/latest/hypercore/convert_to_columnstore/
-- A policy's job may be at the same chunk at this moment.
DO $do$
BEGIN
  PERFORM compress_chunk({chunk}, if_not_compressed => true);
EXCEPTION
  WHEN duplicate_object THEN NULL;
END
$do$;

-- name: to_rowstore
-- https://docs.tigerdata.com/api/latest/hypercore/convert_to_rowstore/
SELECT decompress_chunk({chunk}, if_compressed => true);

-- name: all_to_columnstore
SELECT compress_chunk(c.chunk, if_not_compressed => true)
FROM show_chunks({table}, older_than => {older_than}) AS c (chunk);

-- name: all_to_rowstore
SELECT decompress_chunk(c.chunk, if_compressed => true)
FROM show_chunks({table}, older_than => {older_than}) AS c (chunk);
