-- Another definition, or the other engine, for a rollup: built beside, filled, and put in its place with
-- the history that nothing can aggregate again. What reads the rollup is rebuilt with it.

-- Makes NAME__next for a rollup and for every rollup above it, sources first. Does nothing for those that
-- are there from an interrupted attempt, nor where the rollup is, or can be made in place, what is declared.
CREATE OR REPLACE FUNCTION timescale_engine.begin_rebuild(
    declared jsonb, as_native boolean DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    member timescale_engine.rollup;
    existing timescale_engine.rollup;
    next_spec jsonb;
BEGIN
    PERFORM timescale_engine.revive_rollup(declared);
    existing := timescale_engine.rollup_named(declared ->> 'name');
    IF existing.native = coalesce(as_native, existing.native)
       AND timescale_engine.live_definition(existing) = existing.definition
       AND (existing.spec = declared OR timescale_engine.adjust(existing, declared)) THEN
        existing := timescale_engine.rollup_named(declared ->> 'name');
        IF NOT timescale_engine.is_as_made(existing) THEN
            PERFORM timescale_engine.create_reader(existing);
        END IF;
        RETURN;
    END IF;
    PERFORM timescale_engine.check_rebuild(declared);
    FOR member IN SELECT * FROM timescale_engine.family(declared ->> 'name') LOOP
        next_spec := CASE
            WHEN member.spec ->> 'name' = declared ->> 'name' THEN declared
            ELSE jsonb_set(member.spec, '{source}', to_jsonb(member.spec ->> 'source' || '__next'))
        END;
        next_spec := jsonb_set(next_spec, '{name}', to_jsonb(next_spec ->> 'name' || '__next'));
        PERFORM timescale_engine.create_rollup(next_spec, coalesce(as_native, member.native));
    END LOOP;
END
$$;

-- The NAME__next of a family that wait to be filled and put in place, sources first.
CREATE OR REPLACE FUNCTION timescale_engine.rebuilding(name text) RETURNS SETOF text
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
BEGIN
    IF to_regclass(timescale_engine.quoted(name || '__next')) IS NOT NULL THEN
        RETURN QUERY SELECT f.spec ->> 'name' FROM timescale_engine.family(name || '__next') AS f;
    END IF;
END
$$;

-- A rollup and all that read from it, sources first.
CREATE OR REPLACE FUNCTION timescale_engine.family(name text)
RETURNS SETOF timescale_engine.rollup
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree AS (
        SELECT (timescale_engine.rollup_named(family.name)).id AS id, 0 AS depth
        UNION ALL
        SELECT r.id, tree.depth + 1
        FROM timescale_engine.rollup AS r
        JOIN tree ON tree.id = r.parent
    )
    SELECT r.*
    FROM timescale_engine.rollup AS r
    JOIN tree ON tree.id = r.id
    ORDER BY tree.depth, r.id;
$$;

-- Refuses a change of bucket or grouping that would lose history whose source rows are gone.
CREATE OR REPLACE FUNCTION timescale_engine.check_rebuild(declared jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing timescale_engine.rollup := timescale_engine.rollup_named(declared ->> 'name');
    kept tsmultirange := timescale_engine.irreplaceable(existing);
BEGIN
    IF (existing.bucket = (declared ->> 'bucket')::interval
        AND existing.spec -> 'group_by' = declared -> 'group_by') OR isempty(kept) THEN
        RETURN;
    END IF;
    RAISE object_not_in_prerequisite_state USING
        MESSAGE = format(
            'Rollup %s holds history up to %s whose source rows are gone: another bucket or grouping'
            ' cannot be made of it.', declared ->> 'name', upper(kept)
        ),
        HINT = 'Declare a rollup of another name and keep this one.';
END
$$;

-- The buckets a rollup alone still holds: those whose source chunks were dropped, and all before the
-- oldest row its base table has.
CREATE OR REPLACE FUNCTION timescale_engine.irreplaceable(r timescale_engine.rollup)
RETURNS tsmultirange
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    base timescale_engine.rollup := r;
    oldest timestamp;
    held tsrange;
BEGIN
    WHILE base.parent IS NOT NULL LOOP
        SELECT * INTO base FROM timescale_engine.rollup AS p WHERE p.id = base.parent;
    END LOOP;
    SELECT min(lower(c.span)) INTO oldest
    FROM timescale_engine.chunks_of(timescale_engine.relation(base.spec ->> 'source')) AS c;
    held := timescale_engine.bucket_span(r);
    IF NOT r.native THEN
        r.frozen := timescale_engine.frozen_now(r, '{}');
        UPDATE timescale_engine.rollup AS x SET frozen = r.frozen WHERE x.id = r.id;
    END IF;
    RETURN tsmultirange(coalesce(held, 'empty')) * (
        r.frozen + tsmultirange(tsrange(
            NULL,
            upper(timescale_engine.whole_buckets(r.bucket, tsrange(oldest - r.bucket, oldest)))
        ))
    );
END
$$;

-- The times for which a rollup's own table holds buckets; NULL if there are none.
CREATE OR REPLACE FUNCTION timescale_engine.bucket_span(r timescale_engine.rollup) RETURNS tsrange
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    span tsrange;
BEGIN
    EXECUTE format(
        'SELECT tsrange(min(bucket)%2$s, max(bucket)%2$s + $1) FROM %1$s HAVING count(*) > 0',
        timescale_engine.buckets_of(r), CASE WHEN r.zoned THEN ' AT TIME ZONE ''UTC''' END
    ) INTO span USING r.bucket;
    RETURN span;
END
$$;

-- The hypertable that holds a rollup's buckets, of either kind.
CREATE OR REPLACE FUNCTION timescale_engine.buckets_of(r timescale_engine.rollup) RETURNS regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(r.materialized, (
        SELECT format(
            '%I.%I', a.materialization_hypertable_schema, a.materialization_hypertable_name
        )::regclass
        FROM timescaledb_information.continuous_aggregates AS a
        WHERE format('%I.%I', a.view_schema, a.view_name) = timescale_engine.full_name(r.relation)
    ))
$$;

-- Puts the filled NAME__next of a family in place of NAME, if there are any.
CREATE OR REPLACE FUNCTION timescale_engine.finish_rebuild(declared jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    members timescale_engine.rollup[] := ARRAY(
        SELECT f FROM timescale_engine.family(declared ->> 'name') AS f
    );
    policies jsonb[] := ARRAY(
        SELECT timescale_engine.policies_of(m) FROM unnest(members) AS m
    );
    n integer;
BEGIN
    IF NOT EXISTS (SELECT FROM timescale_engine.rebuilding(declared ->> 'name')) THEN
        RETURN;
    END IF;
    FOR n IN 1 .. cardinality(members) LOOP
        PERFORM timescale_engine.hand_over(
            members[n], timescale_engine.rollup_named(members[n].spec ->> 'name' || '__next')
        );
    END LOOP;
    FOR n IN REVERSE cardinality(members) .. 1 LOOP
        PERFORM timescale_engine.drop_rollup(members[n].spec ->> 'name');
    END LOOP;
    FOR n IN 1 .. cardinality(members) LOOP
        PERFORM timescale_engine.take_name(
            timescale_engine.rollup_named(members[n].spec ->> 'name' || '__next'),
            CASE WHEN n = 1 THEN declared ELSE members[n].spec END
        );
        PERFORM timescale_engine.set_policies(members[n].spec ->> 'name', policies[n]);
    END LOOP;
END
$$;

-- Copies what only the old rollup holds, and the rights on it, to the new one.
CREATE OR REPLACE FUNCTION timescale_engine.hand_over(
    old timescale_engine.rollup, new timescale_engine.rollup
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept tsmultirange := timescale_engine.irreplaceable(old);
    target regclass := timescale_engine.buckets_of(new);
    span tsrange;
    bounds text;
    columns text := (
        SELECT string_agg(quote_ident(a.attname), ', ')
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_attribute AS b
          ON b.attrelid = new.relation AND b.attname = a.attname AND b.atttypid = a.atttypid
        WHERE a.attrelid = old.relation AND a.attnum > 0
    );
BEGIN
    FOR span IN SELECT unnest(kept) LOOP
        bounds := format(
            'bucket >= %L AND bucket < %L',
            timescale_engine.source_time(lower(span), old.zoned),
            timescale_engine.source_time(upper(span), old.zoned)
        );
        EXECUTE format('DELETE FROM %s WHERE %s', target, bounds);
        EXECUTE format(
            'INSERT INTO %1$s (%2$s) SELECT %2$s FROM %3$s WHERE %4$s',
            target, columns, timescale_engine.buckets_of(old), bounds
        );
    END LOOP;
    UPDATE timescale_engine.rollup AS r
    SET frozen = r.frozen + kept,
        watermark = greatest(r.watermark, upper(kept))
    WHERE r.id = new.id AND NOT r.native;
    PERFORM timescale_engine.copy_rights(old.relation, new.relation);
END
$$;

CREATE OR REPLACE FUNCTION timescale_engine.copy_rights(from_view regclass, to_view regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT
            e.privilege_type,
            CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END AS grantee
        FROM pg_catalog.pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS e
        WHERE c.oid = from_view AND e.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s', held.privilege_type, to_view, held.grantee);
    END LOOP;
END
$$;

-- Gives a rebuilt rollup the name and spec it was built for.
CREATE OR REPLACE FUNCTION timescale_engine.take_name(
    renamed timescale_engine.rollup, declared jsonb
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stem text := replace(declared ->> 'name', '.', '_');
    plain_name text := substring(declared ->> 'name' from '[^.]+$');
BEGIN
    IF renamed.native THEN
        EXECUTE format('ALTER MATERIALIZED VIEW %s RENAME TO %I', renamed.relation, plain_name);
    ELSE
        EXECUTE format('ALTER VIEW %s RENAME TO %I', renamed.relation, plain_name);
        EXECUTE format('ALTER TABLE %s RENAME TO %I', renamed.materialized, stem);
        EXECUTE format('ALTER VIEW %s RENAME TO %I', renamed.aggregated, stem || '_aggregated');
    END IF;
    UPDATE timescale_engine.rollup AS r
    SET spec = declared,
        definition = timescale_engine.live_definition(r)
    WHERE r.id = renamed.id;
END
$$;
