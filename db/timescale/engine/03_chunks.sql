-- What the catalog says about hypertables and their chunks.

CREATE OR REPLACE FUNCTION timescale_engine.chunk_interval(hypertable regclass) RETURNS interval
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT d.time_interval
        FROM timescaledb_information.dimensions AS d
        JOIN pg_catalog.pg_namespace AS n ON n.nspname = d.hypertable_schema
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = d.hypertable_name
        WHERE c.oid = hypertable AND d.dimension_number = 1
    )
$$;

-- The chunks of a hypertable by name, with their times (naive, or UTC instants).
CREATE OR REPLACE FUNCTION timescale_engine.chunks_of(hypertable regclass)
RETURNS TABLE (chunk text, span tsrange)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        format('%I.%I', k.chunk_schema, k.chunk_name),
        -- the view gives naive times as if they were UTC
        tsrange(k.range_start AT TIME ZONE 'UTC', k.range_end AT TIME ZONE 'UTC')
    FROM timescaledb_information.chunks AS k
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = k.hypertable_schema
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = k.hypertable_name
    WHERE c.oid = hypertable;
$$;

-- A registry time as text of the source's type, for a literal in SQL.
CREATE OR REPLACE FUNCTION timescale_engine.source_time(instant timestamp, zoned boolean)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN zoned THEN (instant AT TIME ZONE 'UTC')::text ELSE instant::text END
$$;

-- The times a hypertable holds rows for: from its oldest chunk to its newest row; NULL if it is empty.
CREATE OR REPLACE FUNCTION timescale_engine.held_span(
    hypertable regclass, time_column name, zoned boolean
) RETURNS tsrange
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chunk_span tsrange;
    newest timestamp;
BEGIN
    -- chunk by chunk from the newest: max(time) over all would read every one where no index leads
    -- with the time
    FOR chunk_span IN
        SELECT c.span FROM timescale_engine.chunks_of(hypertable) AS c
        -- beyond are rows at infinity alone, and older versions take no such moment in a condition
        WHERE lower(c.span) < '294247-01-01'
        ORDER BY c.span DESC
    LOOP
        EXECUTE format(
            'SELECT max(%1$I)%5$s FROM %2$s WHERE %1$I >= %3$L AND %1$I < %4$L',
            time_column, hypertable,
            timescale_engine.source_time(lower(chunk_span), zoned),
            timescale_engine.source_time(upper(chunk_span), zoned),
            CASE WHEN zoned THEN ' AT TIME ZONE ''UTC''' END
        ) INTO newest;
        IF newest IS NOT NULL THEN
            -- half-open: a microsecond is the finest time there is
            RETURN (
                SELECT tsrange(min(lower(c.span)), newest + INTERVAL '1 microsecond')
                FROM timescale_engine.chunks_of(hypertable) AS c
            );
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
