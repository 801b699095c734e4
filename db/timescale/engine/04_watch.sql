-- Watching a source: statement triggers that log the buckets each statement touched.

-- The body of the trigger function of one source, with the rollups that now read from it. Their list
-- stands in the body, not in a table the function would look up, so that a transaction with an older
-- snapshot logs for a rollup made since.
--
-- Rows of one instant often come by a statement each: the last instant logged is remembered for as long
-- as the transaction lasts, so that all but the first cost one comparison. A savepoint takes back both.
CREATE OR REPLACE FUNCTION timescale_engine.logger_body(watched timescale_engine.source)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET intervalstyle = postgres
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
    -- One instant is the rule (a snapshot), so distinct instants first, buckets after. ON CONFLICT
    -- fires the trigger of UPDATE after every insert, most often with nothing updated.
    RETURN format(
        $body$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF EXISTS (SELECT FROM changed) THEN
                    INSERT INTO timescale_engine.dirty_range (rollup_id, span)
                    SELECT r.id, unnest(range_agg(tsrange(b.start, b.start + r.bucket)))
                    FROM (VALUES %2$s) AS r (id, bucket)
                    CROSS JOIN (SELECT %1$s FROM changed UNION SELECT %1$s FROM before) AS i (instant)
                    CROSS JOIN LATERAL timescale_engine.bucket_start(r.bucket, i.instant) AS b (start)
                    GROUP BY r.id;
                END IF;
            ELSIF EXISTS (
                SELECT
                FROM changed
                WHERE '%3$s ' || (%1$s) IS DISTINCT FROM current_setting('timescale_engine.logged', true)
            ) THEN
                INSERT INTO timescale_engine.dirty_range (rollup_id, span)
                SELECT r.id, unnest(range_agg(tsrange(b.start, b.start + r.bucket)))
                FROM (VALUES %2$s) AS r (id, bucket)
                CROSS JOIN (SELECT DISTINCT %1$s FROM changed) AS i (instant)
                CROSS JOIN LATERAL timescale_engine.bucket_start(r.bucket, i.instant) AS b (start)
                GROUP BY r.id;
                PERFORM set_config(
                    'timescale_engine.logged', (SELECT '%3$s ' || (%1$s) FROM changed LIMIT 1), true
                );
            END IF;
            RETURN NULL;
        END
        $body$,
        instant, rollups, watched.id
    );
END
$$;

-- Writes the trigger function of one source anew.
CREATE OR REPLACE FUNCTION timescale_engine.write_logger(watched timescale_engine.source)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION timescale_engine.%I() RETURNS trigger'
        ' LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %L',
        'log_source_' || watched.id, timescale_engine.logger_body(watched)
    );
END
$$;

-- Puts the triggers on a source, or brings their function up to date. The lock waits for writers whose
-- statements ran before the triggers were there, and is held to the end of the transaction.
CREATE OR REPLACE FUNCTION timescale_engine.watch(watched timescale_engine.source) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
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

-- What keeps a source from being watched as it should, or NULL: a trigger that is gone, is another one
-- or rests, or a trigger function that is not the one its rollups need.
CREATE OR REPLACE FUNCTION timescale_engine.watch_fault(watched timescale_engine.source)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(fault.subject, ', ' ORDER BY fault.subject)
    FROM (
        SELECT 'trigger timescale_engine_' || lower(w.event) AS subject
        FROM (
            VALUES
                ('INSERT', 'NEW TABLE AS changed'),
                ('UPDATE', 'OLD TABLE AS before NEW TABLE AS changed'),
                ('DELETE', 'OLD TABLE AS changed')
        ) AS w (event, rows)
        WHERE NOT EXISTS (
            SELECT
            FROM pg_trigger AS t
            WHERE t.tgrelid = watched.relation
              AND t.tgenabled = 'O'
              AND pg_get_triggerdef(t.oid) = format(
                  'CREATE TRIGGER timescale_engine_%s AFTER %s ON %s REFERENCING %s'
                  ' FOR EACH STATEMENT EXECUTE FUNCTION timescale_engine.log_source_%s()',
                  lower(w.event), w.event, timescale_engine.full_name(watched.relation), w.rows,
                  watched.id
              )
        )
        UNION ALL
        SELECT 'function timescale_engine.log_source_' || watched.id
        WHERE NOT EXISTS (
            SELECT
            FROM pg_proc AS p
            WHERE p.pronamespace = 'timescale_engine'::regnamespace
              AND p.proname = 'log_source_' || watched.id
              AND p.prosecdef
              AND p.prosrc = timescale_engine.logger_body(watched)
        )
    ) AS fault
$$;

-- Watches a source again. What changed meanwhile was not logged, so that its rollups take all of it anew.
CREATE OR REPLACE FUNCTION timescale_engine.watch_again(name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watched timescale_engine.source;
BEGIN
    SELECT * INTO watched FROM timescale_engine.source AS s
    WHERE s.relation = timescale_engine.relation(watch_again.name);
    IF FOUND AND timescale_engine.watch_fault(watched) IS NOT NULL THEN
        PERFORM timescale_engine.watch(watched);
        UPDATE timescale_engine.rollup AS r SET is_marked = false WHERE r.source_id = watched.id;
    END IF;
END
$$;

-- Takes the triggers off a source that no rollup reads any more; otherwise shortens their list.
CREATE OR REPLACE FUNCTION timescale_engine.unwatch(watched timescale_engine.source) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
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
