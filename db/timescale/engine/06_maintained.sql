-- Rollups the engine maintains: for rollup X a view X, and in this schema a hypertable "X" that holds the
-- buckets and a view "X_aggregated" that is the declared SELECT.

CREATE OR REPLACE FUNCTION timescale_engine.create_maintained(made timescale_engine.rollup)
RETURNS void
LANGUAGE plpgsql
SET client_min_messages = error
SET search_path FROM CURRENT
AS $$
DECLARE
    watched timescale_engine.source := timescale_engine.watchable(made);
    -- two of one name in two schemas stay apart
    stem text := replace(made.spec ->> 'name', '.', '_');
    buckets text := format('timescale_engine.%I', stem);
    declared text := format('timescale_engine.%I', stem || '_aggregated');
    source_chunks interval := timescale_engine.chunk_interval(watched.relation);
    key_columns text[] := timescale_engine.key_columns(made);
BEGIN
    IF (SELECT c.relrowsecurity FROM pg_class AS c WHERE c.oid = watched.relation) THEN
        RAISE feature_not_supported USING MESSAGE = format(
            'Rollup %s: %s has row security, and its buckets would show all of it to whoever may read'
            ' them.', made.spec ->> 'name', watched.relation
        );
    END IF;
    EXECUTE format('CREATE VIEW %s AS %s', declared, timescale_engine.select_text(made.spec));
    EXECUTE format('CREATE TABLE %s AS SELECT * FROM %s WITH NO DATA', buckets, declared);
    EXECUTE format(
        'SELECT %s.create_hypertable(%L, %L, chunk_time_interval => INTERVAL %L,'
        ' create_default_indexes => false)',
        timescale_engine.extension_schema(), buckets, 'bucket',
        -- ten of the source's chunks, as continuous aggregates have it
        coalesce((made.spec ->> 'chunk_interval')::interval, greatest(10 * source_chunks, made.bucket))
    );
    EXECUTE format(
        'CREATE UNIQUE INDEX ON %s (%s)', buckets,
        (SELECT string_agg(quote_ident(k.name), ', ' ORDER BY k.position)
         FROM unnest(key_columns) WITH ORDINALITY AS k (name, position))
    );
    PERFORM timescale_engine.create_indexes(made.spec, buckets::regclass, key_columns);
    UPDATE timescale_engine.rollup AS r
    SET source_id = watched.id,
        materialized = buckets::regclass,
        aggregated = declared::regclass,
        batch = made.bucket * ceil(extract(epoch FROM source_chunks) / extract(epoch FROM made.bucket))
    WHERE r.id = made.id
    RETURNING * INTO made;
    PERFORM timescale_engine.create_reader(made);
    -- last, for its lock; what the source holds is looked for by the first refresh, without one
    PERFORM timescale_engine.watch(watched);
END
$$;

-- The view that readers name: materialized buckets before the watermark, the source from there on.
CREATE OR REPLACE FUNCTION timescale_engine.reader_text(made timescale_engine.rollup) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watermark text := format(
        'timescale_engine.%s(%s)',
        CASE WHEN made.zoned THEN 'zoned_watermark' ELSE 'watermark' END, made.id
    );
    columns text := (
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = made.materialized AND a.attnum > 0 AND NOT a.attisdropped
    );
BEGIN
    RETURN format(
        'SELECT %s FROM %s WHERE bucket < %s%s',
        columns, made.materialized, watermark,
        CASE WHEN coalesce((made.spec ->> 'real_time')::boolean, true) THEN format(
            ' UNION ALL SELECT %s FROM %s WHERE bucket >= %s', columns, made.aggregated, watermark
        ) END
    );
END
$$;

CREATE OR REPLACE FUNCTION timescale_engine.create_reader(made timescale_engine.rollup)
RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE VIEW %s AS %s',
        timescale_engine.quoted(made.spec ->> 'name'), timescale_engine.reader_text(made)
    );
END
$$;

-- The table whose changes a rollup follows, registered as a source.
CREATE OR REPLACE FUNCTION timescale_engine.watchable(made timescale_engine.rollup)
RETURNS timescale_engine.source
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watched timescale_engine.source;
    parent timescale_engine.rollup;
BEGIN
    SELECT * INTO parent FROM timescale_engine.rollup AS r WHERE r.id = made.parent;
    IF parent.native THEN
        RAISE feature_not_supported USING MESSAGE = format(
            'Rollup %s cannot be kept by the engine while its source %s is a continuous aggregate.',
            made.spec ->> 'name', parent.relation
        );
    END IF;
    INSERT INTO timescale_engine.source (relation, time_column, zoned)
    VALUES (
        coalesce(parent.materialized, timescale_engine.relation(made.spec ->> 'source')),
        made.spec ->> 'time_column', made.zoned
    )
    ON CONFLICT (relation) DO UPDATE SET time_column = excluded.time_column
    RETURNING * INTO watched;
    IF timescale_engine.chunk_interval(watched.relation) IS NULL THEN
        RAISE wrong_object_type USING MESSAGE = format(
            'Rollup %s: %s is neither a hypertable nor a rollup.', made.spec ->> 'name', watched.relation
        );
    END IF;
    RETURN watched;
END
$$;

-- Marks all the rows of the source dirty, from its oldest chunk to its newest row: the initial fill.
CREATE OR REPLACE FUNCTION timescale_engine.mark_source(made timescale_engine.rollup) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO timescale_engine.dirty_range (rollup_id, span)
    SELECT made.id, timescale_engine.whole_buckets(made.bucket, held.span)
    FROM timescale_engine.source AS s
    CROSS JOIN LATERAL timescale_engine.held_span(s.relation, s.time_column, s.zoned) AS held (span)
    WHERE s.id = made.source_id AND held.span IS NOT NULL;
    UPDATE timescale_engine.rollup AS r SET is_marked = true WHERE r.id = made.id;
$$;

-- Whether there is something a refresh of a maintained rollup would take.
CREATE OR REPLACE FUNCTION timescale_engine.is_behind(name text) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r timescale_engine.rollup := timescale_engine.rollup_named(name);
BEGIN
    RETURN EXISTS (SELECT FROM timescale_engine.dirty_range AS d WHERE d.rollup_id = r.id) OR (
        NOT r.is_marked AND EXISTS (
            SELECT
            FROM timescale_engine.source AS s
            JOIN pg_catalog.pg_inherits AS i ON i.inhparent = s.relation
            WHERE s.id = r.source_id
        )
    );
END
$$;

CREATE OR REPLACE FUNCTION timescale_engine.drop_maintained(gone timescale_engine.rollup)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watched timescale_engine.source;
BEGIN
    SELECT * INTO watched FROM timescale_engine.source AS s WHERE s.id = gone.source_id;
    PERFORM timescale_engine.unwatch(watched);
    DELETE FROM timescale_engine.dirty_range AS d WHERE d.rollup_id = gone.id;
    EXECUTE format('DROP VIEW IF EXISTS %s', gone.relation);
    EXECUTE format('DROP VIEW IF EXISTS %s', gone.aggregated);
    EXECUTE format('DROP TABLE IF EXISTS %s', gone.materialized);
END
$$;
