-- Creating and dropping rollups. A spec is jsonb: name, source, time_column, bucket, group_by (array),
-- aggregates (array of {name, expression}), where, real_time, chunk_interval, indexes (array of arrays
-- of "column" or "column DESC").

-- The SELECT a spec declares.
CREATE OR REPLACE FUNCTION timescale_engine.select_text(spec jsonb) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT concat(
            format(
                'SELECT %s.time_bucket(INTERVAL %L, %I) AS bucket',
                timescale_engine.extension_schema(), (spec ->> 'bucket')::interval, spec ->> 'time_column'
            ),
            (SELECT string_agg(format(', %I', g.name), '' ORDER BY g.position)
             FROM jsonb_array_elements_text(spec -> 'group_by') WITH ORDINALITY AS g (name, position)),
            (SELECT string_agg(format(', %s AS %I', a.item ->> 'expression', a.item ->> 'name'), ''
                               ORDER BY a.position)
             FROM jsonb_array_elements(spec -> 'aggregates') WITH ORDINALITY AS a (item, position)),
            ' FROM ' || timescale_engine.quoted(spec ->> 'source'),
            ' WHERE (' || (spec ->> 'where') || ')',
            (SELECT ' GROUP BY ' || string_agg(n::text, ', ' ORDER BY n)
             FROM generate_series(1, 1 + jsonb_array_length(spec -> 'group_by')) AS n)
        )
    )
$$;

-- A view as the catalog prints it, every name with its schema.
CREATE OR REPLACE FUNCTION timescale_engine.printed(printed_view regclass) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_get_viewdef(printed_view);
END
$$;

-- A SELECT as the server prints it.
CREATE OR REPLACE FUNCTION timescale_engine.reprinted(written text) RETURNS text
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    definition text;
BEGIN
    EXECUTE 'CREATE TEMPORARY VIEW timescale_engine_normalized AS ' || written;
    definition := timescale_engine.printed('pg_temp.timescale_engine_normalized'::regclass);
    DROP VIEW pg_temp.timescale_engine_normalized;
    RETURN definition;
END
$$;

-- What the server makes of a spec's SELECT: the same text for two ways of writing one definition.
CREATE OR REPLACE FUNCTION timescale_engine.normalized(spec jsonb) RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT timescale_engine.reprinted(timescale_engine.select_text(spec))
$$;

-- The definition of a rollup as it is now; NULL where somebody dropped it.
CREATE OR REPLACE FUNCTION timescale_engine.live_definition(r timescale_engine.rollup)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    declared regclass := r.aggregated;
BEGIN
    IF r.native THEN
        SELECT format('%I.%I', a.direct_view_schema, a.direct_view_name)::regclass INTO declared
        FROM _timescaledb_catalog.continuous_agg AS a
        WHERE format('%I.%I', a.user_view_schema, a.user_view_name) = timescale_engine.full_name(r.relation);
    END IF;
    IF timescale_engine.full_name(r.relation) IS NULL OR timescale_engine.full_name(declared) IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN timescale_engine.printed(declared);
END
$$;

-- Whether a rollup is what was made of its spec: its SELECT and, where the engine keeps it, the view
-- that readers name.
CREATE OR REPLACE FUNCTION timescale_engine.is_as_made(r timescale_engine.rollup) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN timescale_engine.live_definition(r) IS NOT DISTINCT FROM r.definition AND (
        r.native OR timescale_engine.printed(r.relation)
            = timescale_engine.reprinted(timescale_engine.reader_text(r))
    );
END
$$;

-- Makes a rollup: a continuous aggregate where the edition has them, else one of the engine's. Does
-- nothing if the same rollup is there. `native` overrides the choice. Filling it is a later step.
CREATE OR REPLACE FUNCTION timescale_engine.create_rollup(declared jsonb, as_native boolean DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    name text := timescale_engine.quoted(declared ->> 'name');
    made timescale_engine.rollup;
BEGIN
    PERFORM timescale_engine.revive_rollup(declared);
    SELECT * INTO made FROM timescale_engine.rollup AS r WHERE r.relation = to_regclass(name);
    IF made.spec = declared THEN
        RETURN;
    ELSIF FOUND THEN
        RAISE duplicate_table USING
            MESSAGE = format('Rollup %s is there with another definition.', name),
            HINT = 'Change it with alter_rollup.';
    END IF;
    INSERT INTO timescale_engine.rollup (relation, spec, definition, native, bucket, zoned, parent)
    SELECT
        0,
        declared,
        timescale_engine.normalized(declared),
        coalesce(as_native, timescale_engine.edition() <> 'apache'),
        (declared ->> 'bucket')::interval,
        timescale_engine.time_is_zoned(declared),
        (SELECT p.id FROM timescale_engine.rollup AS p
         WHERE p.relation = timescale_engine.relation(declared ->> 'source'))
    RETURNING * INTO made;
    IF made.native THEN
        PERFORM timescale_engine.create_native(made);
    ELSE
        PERFORM timescale_engine.create_maintained(made);
    END IF;
    UPDATE timescale_engine.rollup AS r SET relation = name::regclass WHERE r.id = made.id;
END
$$;

-- Where somebody dropped the view of a rollup, its buckets get it back; of a continuous aggregate that
-- was dropped nothing is left, and it is forgotten.
CREATE OR REPLACE FUNCTION timescale_engine.revive_rollup(declared jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lost timescale_engine.rollup;
BEGIN
    SELECT * INTO lost FROM timescale_engine.rollup AS r
    WHERE r.spec ->> 'name' = declared ->> 'name'
      AND timescale_engine.full_name(r.relation) IS NULL;
    IF lost.native THEN
        DELETE FROM timescale_engine.rollup AS r WHERE r.id = lost.id;
    ELSIF FOUND THEN
        PERFORM timescale_engine.create_reader(lost);
        UPDATE timescale_engine.rollup AS r
        SET relation = timescale_engine.relation(declared ->> 'name')
        WHERE r.id = lost.id;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION timescale_engine.time_is_zoned(spec jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found regtype := (
        SELECT a.atttypid
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = timescale_engine.relation(spec ->> 'source')
          AND a.attname = spec ->> 'time_column'
          AND NOT a.attisdropped
    );
BEGIN
    IF found IS NULL OR found NOT IN ('timestamp'::regtype, 'timestamptz'::regtype) THEN
        RAISE datatype_mismatch USING MESSAGE = format(
            'Rollup %s: %s.%s must be timestamp or timestamptz, not %s.',
            spec ->> 'name', spec ->> 'source', spec ->> 'time_column',
            coalesce(found::text, 'missing')
        );
    END IF;
    RETURN found = 'timestamptz'::regtype;
END
$$;

-- https://docs.tigerdata.com/api/latest/continuous-aggregates/create_materialized_view/
CREATE OR REPLACE FUNCTION timescale_engine.create_native(made timescale_engine.rollup) RETURNS void
LANGUAGE plpgsql
SET client_min_messages = error
SET search_path FROM CURRENT
AS $$
DECLARE
    name text := timescale_engine.quoted(made.spec ->> 'name');
BEGIN
    EXECUTE format(
        'CREATE MATERIALIZED VIEW %s WITH (timescaledb.continuous, timescaledb.materialized_only = %s,'
        ' timescaledb.create_group_indexes = %s%s) AS %s WITH NO DATA',
        name, NOT coalesce((made.spec ->> 'real_time')::boolean, true),
        jsonb_array_length(coalesce(made.spec -> 'indexes', '[]')) = 0,
        ', timescaledb.chunk_interval = ' || quote_literal(made.spec ->> 'chunk_interval'),
        timescale_engine.select_text(made.spec)
    );
    PERFORM timescale_engine.create_indexes(made.spec, name::regclass);
END
$$;

-- Makes the declared indexes, but not one on the columns of the key that is there already.
CREATE OR REPLACE FUNCTION timescale_engine.create_indexes(
    spec jsonb, target regclass, key_columns text[] DEFAULT '{}'
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns jsonb;
BEGIN
    FOR columns IN SELECT jsonb_array_elements(coalesce(spec -> 'indexes', '[]')) LOOP
        CONTINUE WHEN key_columns = ARRAY(
            SELECT regexp_replace(jsonb_array_elements_text(columns), ' (ASC|DESC)$', '', 'i')
        );
        EXECUTE format(
            'CREATE INDEX ON %s (%s)', target, timescale_engine.index_columns(columns)
        );
    END LOOP;
END
$$;

-- The columns of an index as SQL, from an array of "column" or "column DESC".
CREATE OR REPLACE FUNCTION timescale_engine.index_columns(columns jsonb) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT string_agg(
            quote_ident(regexp_replace(c.item, ' (ASC|DESC)$', '', 'i'))
            || CASE WHEN c.item ~* ' DESC$' THEN ' DESC' ELSE '' END,
            ', ' ORDER BY c.position
        )
        FROM jsonb_array_elements_text(columns) WITH ORDINALITY AS c (item, position)
    )
$$;

-- The columns of the key of a maintained rollup; none for a continuous aggregate, which has no key.
CREATE OR REPLACE FUNCTION timescale_engine.key_columns(r timescale_engine.rollup) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN r.native THEN '{}'
        ELSE ARRAY(SELECT jsonb_array_elements_text((r.spec -> 'group_by') || '["bucket"]'))
    END
$$;

-- Drops a rollup with what it holds; refuses while another rollup reads it.
CREATE OR REPLACE FUNCTION timescale_engine.drop_rollup(name text) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    gone timescale_engine.rollup;
    reader regclass;
BEGIN
    SELECT * INTO gone FROM timescale_engine.rollup AS r
    WHERE r.relation = to_regclass(timescale_engine.quoted(name));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT r.relation INTO reader FROM timescale_engine.rollup AS r WHERE r.parent = gone.id;
    IF FOUND THEN
        RAISE dependent_objects_still_exist USING
            MESSAGE = format('Rollup %s is the source of %s: drop that first.', name, reader);
    END IF;
    DELETE FROM timescale_engine.policy AS p
    WHERE p.target = timescale_engine.full_name(gone.relation);
    DELETE FROM timescale_engine.rollup AS r WHERE r.id = gone.id;
    IF gone.native THEN
        EXECUTE format('DROP MATERIALIZED VIEW %s', gone.relation);
    ELSE
        PERFORM timescale_engine.drop_maintained(gone);
    END IF;
END
$$;

-- The windows in which a continuous aggregate is filled the first time, oldest first, up to the newest
-- bucket, which stays with the source. Refreshing one again costs nothing where nothing changed.
CREATE OR REPLACE FUNCTION timescale_engine.fill_windows(name text)
RETURNS TABLE (window_from timestamp, window_to timestamp, zoned boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    filled timescale_engine.rollup := timescale_engine.rollup_named(name);
    base timescale_engine.rollup := filled;
    held tsrange;
    step interval;
BEGIN
    WHILE base.parent IS NOT NULL LOOP
        SELECT * INTO base FROM timescale_engine.rollup AS r WHERE r.id = base.parent;
    END LOOP;
    held := timescale_engine.held_span(
        timescale_engine.relation(base.spec ->> 'source'), base.spec ->> 'time_column', base.zoned
    );
    step := greatest(
        filled.bucket, 7 * timescale_engine.chunk_interval(timescale_engine.relation(base.spec ->> 'source'))
    );
    -- between chunks nothing can be aggregated again: refreshing what was archived or dropped would
    -- overwrite it with nothing
    RETURN QUERY
    SELECT
        w.start,
        least(w.start + step + filled.bucket, last.start, upper(there.span)),
        filled.zoned
    FROM (VALUES (timescale_engine.bucket_start(filled.bucket, upper(held) - INTERVAL '1 microsecond'))) AS last (start)
    CROSS JOIN (
        SELECT unnest(range_agg(timescale_engine.whole_buckets(filled.bucket, c.span))) AS span
        FROM timescale_engine.chunks_of(timescale_engine.relation(base.spec ->> 'source')) AS c
    ) AS there
    CROSS JOIN LATERAL generate_series(
        lower(there.span), least(last.start, upper(there.span)) - filled.bucket, step
    ) AS w (start)
    ORDER BY w.start;
END
$$;
