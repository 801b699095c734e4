-- Bringing the engine's rollups up to date.

-- One step of a refresh, a transaction's worth of work; true if more is left. Safe to run at any
-- time, by several sessions, and to be killed: what a step took from the log comes back with its rollback.
--
-- Why it is right: a statement that changes the source logs the buckets it touched in its own
-- transaction. The DELETE below sees a log row only if that transaction has committed; the statements
-- that aggregate come later, and under READ COMMITTED each has a newer snapshot, so they see its rows
-- too. A change that commits after the DELETE leaves its log row for the next refresh. Under
-- REPEATABLE READ both have one snapshot.
CREATE OR REPLACE FUNCTION timescale_engine.refresh_step(rollup_id integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r timescale_engine.rollup;
    dirty tsmultirange;
    todo tsmultirange;
    rest tsmultirange;
    ceiling timestamp;
    span tsrange;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('timescale_engine.refresh'), refresh_step.rollup_id);
    SELECT * INTO STRICT r FROM timescale_engine.rollup AS x WHERE x.id = refresh_step.rollup_id;
    IF NOT r.is_marked THEN
        PERFORM timescale_engine.mark_source(r);
    END IF;
    -- before the log is read: what this watermark covers is logged by then
    SELECT timescale_engine.bucket_start(r.bucket, p.watermark) INTO ceiling
    FROM timescale_engine.rollup AS p
    WHERE p.id = r.parent;
    IF timescale_engine.is_only_open(r, ceiling) THEN
        UPDATE timescale_engine.rollup AS x SET refreshed_at = now() WHERE x.id = r.id;
        RETURN false;
    END IF;
    -- what this transaction writes after this has to be logged again
    PERFORM set_config('timescale_engine.logged', '', true);
    WITH taken AS (
        DELETE FROM timescale_engine.dirty_range AS d
        WHERE d.rollup_id = refresh_step.rollup_id
        RETURNING d.span
    )
    SELECT coalesce(range_agg(t.span), '{}') INTO dirty FROM taken AS t;
    -- the newest bucket stays open: reads take it from the source
    ceiling := greatest(r.watermark, coalesce(ceiling, upper(dirty) - r.bucket));
    todo := dirty * tsmultirange(tsrange(NULL, ceiling));
    rest := todo - timescale_engine.batch_of(r, todo);
    INSERT INTO timescale_engine.dirty_range (rollup_id, span)
    SELECT r.id, unnest(rest + (dirty - tsmultirange(tsrange(NULL, ceiling))));
    todo := todo - rest;
    r.frozen := timescale_engine.frozen_now(r, todo);
    FOR span IN SELECT unnest(timescale_engine.hull(todo) - r.frozen) LOOP
        PERFORM timescale_engine.aggregate(r, span);
    END LOOP;
    PERFORM timescale_engine.record_chunks(r);
    UPDATE timescale_engine.rollup AS x
    SET watermark = greatest(r.watermark, least(ceiling, lower(rest))),
        frozen = r.frozen,
        refreshed_at = now()
    WHERE x.id = r.id;
    RETURN NOT isempty(rest);
END
$$;

-- Whether nothing but the open bucket was touched, the rule between two refreshes: there is nothing to
-- do, and its rows stay in the log. Not where the log grew long, for a step makes it short again.
CREATE OR REPLACE FUNCTION timescale_engine.is_only_open(
    r timescale_engine.rollup, parent_ceiling timestamp
) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT count(*) <= 64
            AND coalesce(min(coalesce(lower(d.span), '-infinity')) >= r.watermark, true)
            AND coalesce(parent_ceiling, max(upper(d.span)) - r.bucket, r.watermark) <= r.watermark
        FROM timescale_engine.dirty_range AS d
        WHERE d.rollup_id = r.id
    )
$$;

-- What one step takes of the work: all of it where it is short, else the first batch. Work without a
-- beginning begins with the first chunk of the source.
CREATE OR REPLACE FUNCTION timescale_engine.batch_of(r timescale_engine.rollup, todo tsmultirange)
RETURNS tsmultirange
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN work.length <= r.batch THEN todo
        ELSE todo * tsmultirange(
            tsrange(NULL, timescale_engine.bucket_start(r.batch, work.beginning) + r.batch)
        )
    END
    FROM (
        SELECT sum(upper(s) - coalesce(lower(s), first.instant)), min(coalesce(lower(s), first.instant))
        FROM unnest(todo) AS s
        CROSS JOIN (
            SELECT least(min(lower(k.span)), r.watermark)
            FROM timescale_engine.source_chunk AS k
            WHERE k.rollup_id = r.id
        ) AS first (instant)
        WHERE isfinite(upper(s))
    ) AS work (length, beginning)
$$;

-- Many scattered buckets of one batch are cheaper aggregated as one range than one by one.
CREATE OR REPLACE FUNCTION timescale_engine.hull(todo tsmultirange) RETURNS tsmultirange
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN (SELECT count(*) FROM unnest(todo)) <= 32 THEN todo
        ELSE tsmultirange(range_merge(todo))
    END
$$;

-- Aggregates one range anew. The bounds are constants, so that one chunk a side is opened.
CREATE OR REPLACE FUNCTION timescale_engine.aggregate(r timescale_engine.rollup, span tsrange)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    beginning timestamp := coalesce(lower(span), '-infinity');
    bounds text := format(
        'bucket >= %L AND bucket < %L',
        timescale_engine.source_time(beginning, r.zoned),
        timescale_engine.source_time(upper(span), r.zoned)
    );
BEGIN
    -- nothing was ever materialized from the watermark on
    IF beginning < r.watermark THEN
        EXECUTE format('DELETE FROM %s WHERE %s', r.materialized, bounds);
    END IF;
    EXECUTE format(
        'INSERT INTO %s SELECT * FROM %s WHERE %s', r.materialized, r.aggregated, bounds
    );
END
$$;

-- Looks which chunks of the source were dropped since the last look and gives the frozen buckets,
-- old and new. The chunks under the work at hand are locked first, so that none goes meanwhile.
CREATE OR REPLACE FUNCTION timescale_engine.frozen_now(
    r timescale_engine.rollup, todo tsmultirange
) RETURNS tsmultirange
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source regclass := (SELECT s.relation FROM timescale_engine.source AS s WHERE s.id = r.source_id);
    present text;
    gone tsmultirange;
BEGIN
    FOR present IN
        SELECT k.chunk FROM timescale_engine.source_chunk AS k
        WHERE k.rollup_id = r.id AND k.span && todo
    LOOP
        BEGIN
            EXECUTE format('LOCK TABLE ONLY %s IN ACCESS SHARE MODE', present);
        EXCEPTION WHEN undefined_table THEN
            NULL; -- dropped: found missing below
        END;
    END LOOP;
    WITH missing AS (
        DELETE FROM timescale_engine.source_chunk AS k
        WHERE k.rollup_id = r.id
          AND NOT EXISTS (SELECT FROM timescale_engine.child_tables(source) AS c WHERE c.name = k.chunk)
        RETURNING k.span
    )
    SELECT range_agg(timescale_engine.whole_buckets(r.bucket, m.span)) INTO gone FROM missing AS m;
    RETURN r.frozen + coalesce(gone * tsmultirange(tsrange(NULL, r.watermark)), '{}');
END
$$;

-- Remembers the chunks the source has. After aggregating: one that is made meanwhile and aggregated
-- must be known, or its drop would go unnoticed.
CREATE OR REPLACE FUNCTION timescale_engine.record_chunks(r timescale_engine.rollup) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source regclass := (SELECT s.relation FROM timescale_engine.source AS s WHERE s.id = r.source_id);
BEGIN
    IF EXISTS (
        SELECT c.name FROM timescale_engine.child_tables(source) AS c
        EXCEPT
        SELECT k.chunk FROM timescale_engine.source_chunk AS k WHERE k.rollup_id = r.id
    ) THEN
        INSERT INTO timescale_engine.source_chunk (rollup_id, chunk, span)
        SELECT r.id, c.chunk, c.span FROM timescale_engine.chunks_of(source) AS c
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

-- The chunks of a hypertable from the inheritance catalog: much cheaper than TimescaleDB's view.
CREATE OR REPLACE FUNCTION timescale_engine.child_tables(hypertable regclass)
RETURNS TABLE (name text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_inherits AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE i.inhparent = hypertable;
$$;

-- Marks the whole buckets of a window dirty, where they are materialized. Frozen ones stay as they are.
CREATE OR REPLACE FUNCTION timescale_engine.mark_window(
    rollup_id integer, window_from timestamp, window_to timestamp
) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO timescale_engine.dirty_range (rollup_id, span)
    SELECT r.id, marked.span
    FROM timescale_engine.rollup AS r
    CROSS JOIN LATERAL (
        SELECT timescale_engine.whole_buckets(r.bucket, tsrange(window_from, window_to))
            * tsrange(NULL, r.watermark) AS span
    ) AS marked
    WHERE r.id = mark_window.rollup_id AND isfinite(r.watermark) AND NOT isempty(marked.span);
$$;

-- Lets frozen buckets of a window be aggregated again, where the source has its rows back (a chunk
-- restored from an archive, a table truncated and loaded anew). What they held is overwritten.
CREATE OR REPLACE FUNCTION timescale_engine.thaw_rollup(
    name text, window_from timestamp, window_to timestamp
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    thawed timescale_engine.rollup := timescale_engine.rollup_named(name);
BEGIN
    -- what is gone by now is frozen first, or the next refresh would freeze the window again
    PERFORM timescale_engine.refresh_step(thawed.id);
    thawed := timescale_engine.rollup_named(name);
    UPDATE timescale_engine.rollup AS r
    SET frozen = timescale_engine.frozen_now(thawed, '{}') - tsmultirange(
        timescale_engine.whole_buckets(r.bucket, tsrange(window_from, window_to))
    )
    WHERE r.id = thawed.id;
    PERFORM timescale_engine.mark_window(thawed.id, window_from, window_to);
END
$$;

-- Brings a rollup and those it reads up to date, step by step, each in a transaction of its own; a window
-- is aggregated anew even where nothing is marked. With `commits` false everything happens in the
-- caller's transaction.
CREATE OR REPLACE PROCEDURE timescale_engine.refresh_rollup(
    name text,
    window_from timestamp DEFAULT NULL,
    window_to timestamp DEFAULT NULL,
    commits boolean DEFAULT true
)
LANGUAGE plpgsql
AS $$
DECLARE
    step integer;
    lineage integer[] := timescale_engine.lineage(name);
BEGIN
    IF window_from IS NOT NULL OR window_to IS NOT NULL THEN
        PERFORM timescale_engine.mark_window(lineage[cardinality(lineage)], window_from, window_to);
    END IF;
    FOREACH step IN ARRAY lineage LOOP
        WHILE timescale_engine.refresh_step(step) LOOP
            IF commits THEN
                COMMIT;
            END IF;
        END LOOP;
    END LOOP;
END
$$;

-- A maintained rollup and all it reads from, sources first.
CREATE OR REPLACE FUNCTION timescale_engine.lineage(name text) RETURNS integer[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    youngest timescale_engine.rollup := timescale_engine.rollup_named(name);
BEGIN
    IF youngest.native THEN
        RAISE wrong_object_type USING
            MESSAGE = format('%s is a continuous aggregate.', name),
            HINT = 'Refresh it with CALL refresh_continuous_aggregate(…).';
    END IF;
    RETURN (
        WITH RECURSIVE line AS (
            SELECT youngest.id, youngest.parent, 0 AS height
            UNION ALL
            SELECT r.id, r.parent, line.height + 1
            FROM timescale_engine.rollup AS r
            JOIN line ON line.parent = r.id
        )
        SELECT array_agg(line.id ORDER BY line.height DESC) FROM line
    );
END
$$;
