-- Changes of a rollup that leave its SELECT as it is: made in place, nothing is aggregated again.

-- True where that was all, so that there is nothing to rebuild.
CREATE OR REPLACE FUNCTION timescale_engine.adjust(
    existing timescale_engine.rollup, declared jsonb
) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target regclass := timescale_engine.buckets_of(existing);
    kept_indexes jsonb := coalesce(existing.spec -> 'indexes', '[]');
    wanted_indexes jsonb := coalesce(declared -> 'indexes', '[]');
BEGIN
    IF existing.bucket <> (declared ->> 'bucket')::interval
       OR timescale_engine.normalized(declared) <> existing.definition THEN
        RETURN false;
    END IF;
    IF declared ->> 'chunk_interval' IS NOT NULL THEN
        EXECUTE format(
            'SELECT %s.set_chunk_time_interval($1, $2)', timescale_engine.extension_schema()
        ) USING target, (declared ->> 'chunk_interval')::interval;
    END IF;
    PERFORM timescale_engine.drop_indexes(target, timescale_engine.only_in(kept_indexes, wanted_indexes));
    PERFORM timescale_engine.create_indexes(
        jsonb_build_object('indexes', timescale_engine.only_in(wanted_indexes, kept_indexes)),
        CASE WHEN existing.native THEN existing.relation ELSE target END,
        timescale_engine.key_columns(existing)
    );
    UPDATE timescale_engine.rollup AS r SET spec = declared WHERE r.id = existing.id
    RETURNING * INTO existing;
    IF existing.native THEN
        EXECUTE format(
            'ALTER MATERIALIZED VIEW %s SET (timescaledb.materialized_only = %s)',
            existing.relation, NOT coalesce((declared ->> 'real_time')::boolean, true)
        );
    ELSE
        PERFORM timescale_engine.create_reader(existing);
    END IF;
    RETURN true;
END
$$;

-- The elements of one jsonb array that another one lacks.
CREATE OR REPLACE FUNCTION timescale_engine.only_in(these jsonb, others jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT coalesce(jsonb_agg(i.item), '[]')
        FROM jsonb_array_elements(these) AS i (item)
        WHERE NOT others @> jsonb_build_array(i.item)
    )
$$;

-- Drops the indexes on exactly these columns, keys excepted.
CREATE OR REPLACE FUNCTION timescale_engine.drop_indexes(target regclass, dropped jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone regclass;
BEGIN
    FOR gone IN
        SELECT x.indexrelid
        FROM pg_catalog.pg_index AS x
        JOIN jsonb_array_elements(dropped) AS d (columns) ON pg_get_indexdef(x.indexrelid) LIKE
            '% USING btree (' || timescale_engine.index_columns(d.columns) || ')'
        WHERE x.indrelid = target AND NOT x.indisunique
    LOOP
        EXECUTE format('DROP INDEX %s', gone);
    END LOOP;
END
$$;
