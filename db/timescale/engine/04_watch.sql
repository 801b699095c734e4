-- Watching a source: statement triggers that log the buckets each statement touched.

-- Writes the trigger function of one source anew, with the rollups that now read from it. Their
-- list stands in the body, not in a table the function would look up, so that a transaction with an
-- older snapshot logs for a rollup made since.
CREATE OR REPLACE FUNCTION timescale_engine.write_logger(watched timescale_engine.source)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    rollups text := (
        SELECT string_agg(format('(%s, INTERVAL %L)', r.id, r.bucket), ', ' ORDER BY r.id)
        FROM timescale_engine.rollup AS r
        WHERE r.source_id = watched.id
    );
    instant text := format(
        CASE WHEN watched.zoned THEN '%I AT TIME ZONE ''UTC''' ELSE '%I' END, watched.time_column
    );
BEGIN
    -- One instant is the rule (a snapshot), so distinct instants first, buckets after.
    EXECUTE format(
        $body$
        CREATE OR REPLACE FUNCTION timescale_engine.%1$I() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp
        AS $logger$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                INSERT INTO timescale_engine.dirty_range (rollup_id, span)
                SELECT r.id, unnest(range_agg(tsrange(b.start, b.start + r.bucket)))
                FROM (VALUES %3$s) AS r (id, bucket)
                CROSS JOIN (SELECT %2$s FROM changed UNION SELECT %2$s FROM before) AS i (instant)
                CROSS JOIN LATERAL timescale_engine.bucket_start(r.bucket, i.instant) AS b (start)
                GROUP BY r.id;
            ELSE
                INSERT INTO timescale_engine.dirty_range (rollup_id, span)
                SELECT r.id, unnest(range_agg(tsrange(b.start, b.start + r.bucket)))
                FROM (VALUES %3$s) AS r (id, bucket)
                CROSS JOIN (SELECT DISTINCT %2$s FROM changed) AS i (instant)
                CROSS JOIN LATERAL timescale_engine.bucket_start(r.bucket, i.instant) AS b (start)
                GROUP BY r.id;
            END IF;
            RETURN NULL;
        END
        $logger$
        $body$,
        'log_source_' || watched.id, instant, rollups
    );
END
$$;

-- Puts the triggers on a source, or brings their function up to date. The lock waits for writers whose
-- statements ran before the triggers were there, and is held to the end of the transaction.
CREATE OR REPLACE FUNCTION timescale_engine.watch(watched timescale_engine.source) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    logger text := 'log_source_' || watched.id;
BEGIN
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', watched.relation);
    PERFORM timescale_engine.write_logger(watched);
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER timescale_engine_insert AFTER INSERT ON %s'
        ' REFERENCING NEW TABLE AS changed'
        ' FOR EACH STATEMENT EXECUTE FUNCTION timescale_engine.%I()',
        watched.relation, logger
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER timescale_engine_update AFTER UPDATE ON %s'
        ' REFERENCING OLD TABLE AS before NEW TABLE AS changed'
        ' FOR EACH STATEMENT EXECUTE FUNCTION timescale_engine.%I()',
        watched.relation, logger
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER timescale_engine_delete AFTER DELETE ON %s'
        ' REFERENCING OLD TABLE AS changed'
        ' FOR EACH STATEMENT EXECUTE FUNCTION timescale_engine.%I()',
        watched.relation, logger
    );
END
$$;

-- Takes the triggers off a source that no rollup reads any more; otherwise shortens their list.
CREATE OR REPLACE FUNCTION timescale_engine.unwatch(watched timescale_engine.source) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    event text;
BEGIN
    IF EXISTS (SELECT FROM timescale_engine.rollup AS r WHERE r.source_id = watched.id) THEN
        PERFORM timescale_engine.write_logger(watched);
        RETURN;
    END IF;
    FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
        EXECUTE format(
            'DROP TRIGGER IF EXISTS timescale_engine_%s ON %s', event, watched.relation
        );
    END LOOP;
    EXECUTE format('DROP FUNCTION IF EXISTS timescale_engine.log_source_%s()', watched.id);
    DELETE FROM timescale_engine.source AS s WHERE s.id = watched.id;
END
$$;
