-- Names, editions and watermarks.

-- 'apache' or 'timescale' (Community).
CREATE OR REPLACE FUNCTION timescale_engine.edition() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(current_setting('timescaledb.license', true), ''), 'timescale')
$$;

-- The schema that holds TimescaleDB's functions, quoted.
CREATE OR REPLACE FUNCTION timescale_engine.extension_schema() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT quote_ident(n.nspname)
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'timescaledb'
    )
$$;

-- 'name' or 'schema.name' as declared, quoted for SQL.
CREATE OR REPLACE FUNCTION timescale_engine.quoted(relation text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT string_agg(quote_ident(part), '.' ORDER BY position)
        FROM unnest(string_to_array(relation, '.')) WITH ORDINALITY AS named (part, position)
    )
$$;

-- The relation declared as 'name' or 'schema.name'; an error where there is none.
CREATE OR REPLACE FUNCTION timescale_engine.relation(name text) RETURNS regclass
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
BEGIN
    IF to_regclass(timescale_engine.quoted(name)) IS NULL THEN
        RAISE undefined_table USING MESSAGE = format('There is no relation %s.', name);
    END IF;
    RETURN to_regclass(timescale_engine.quoted(name));
END
$$;

-- A relation as its quoted schema.name, whatever the search path.
CREATE OR REPLACE FUNCTION timescale_engine.full_name(relation regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = relation
    )
$$;

-- The rollup that a name stands for; an error where there is none.
CREATE OR REPLACE FUNCTION timescale_engine.rollup_named(name text) RETURNS timescale_engine.rollup
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    found_rollup timescale_engine.rollup;
BEGIN
    SELECT * INTO found_rollup FROM timescale_engine.rollup AS r
    WHERE r.relation = to_regclass(timescale_engine.quoted(name));
    IF NOT FOUND THEN
        RAISE undefined_table USING MESSAGE = format('There is no rollup %s.', name);
    END IF;
    RETURN found_rollup;
END
$$;

-- Where reads of a rollup change from materialized buckets to the source. IMMUTABLE although it reads
-- a table, so that it folds to a constant at plan time and chunks on both sides are excluded then.
-- The lie is safe: a watermark only rises, so a plan made before a refresh reads more of the source,
-- never a bucket that is missing; dropping a chunk such a plan reads makes it plan again.
CREATE OR REPLACE FUNCTION timescale_engine.watermark(rollup_id integer) RETURNS timestamp
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT r.watermark FROM timescale_engine.rollup AS r WHERE r.id = rollup_id);
END
$$;

CREATE OR REPLACE FUNCTION timescale_engine.zoned_watermark(rollup_id integer) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN timescale_engine.watermark(rollup_id) AT TIME ZONE 'UTC';
END
$$;

-- The start of the bucket an instant falls in, as time_bucket() has it for fixed widths: buckets
-- count from Monday 2000-01-03. Parsed when it is made: it needs no search path and is inlined.
CREATE OR REPLACE FUNCTION timescale_engine.bucket_start(width interval, instant timestamp)
RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin(width, instant, TIMESTAMP '2000-01-03');

-- The whole buckets a span overlaps: none where it is empty, which has no bounds either.
CREATE OR REPLACE FUNCTION timescale_engine.whole_buckets(width interval, span tsrange)
RETURNS tsrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN isempty(span) THEN span
    ELSE tsrange(
        timescale_engine.bucket_start(width, lower(span)),
        CASE
            WHEN timescale_engine.bucket_start(width, upper(span)) = upper(span) THEN upper(span)
            ELSE timescale_engine.bucket_start(width, upper(span)) + width
        END
    )
END;
