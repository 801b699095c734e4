-- Policies the toolkit runs itself, and the one way to set them on either edition.

-- Sets when a rollup is refreshed: natively for a continuous aggregate, else by run_due_policies().
-- `start_offset` NULL is all of history; the engine refreshes exactly the buckets that changed.
-- https://docs.tigerdata.com/api/latest/continuous-aggregates/add_continuous_aggregate_policy/
CREATE OR REPLACE FUNCTION timescale_engine.set_refresh_policy(
    name text, start_offset interval, end_offset interval, schedule_interval interval
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    refreshed timescale_engine.rollup := timescale_engine.rollup_named(name);
BEGIN
    PERFORM timescale_engine.remove_refresh_policy(name);
    IF refreshed.native THEN
        EXECUTE format(
            'SELECT %s.add_continuous_aggregate_policy($1, $2, $3, $4, buckets_per_batch => 0)',
            timescale_engine.extension_schema()
        ) USING refreshed.relation, start_offset, end_offset, schedule_interval;
    ELSE
        PERFORM timescale_engine.set_policy(
            'refresh', timescale_engine.full_name(refreshed.relation),
            jsonb_build_object('start_offset', start_offset, 'end_offset', end_offset),
            schedule_interval
        );
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION timescale_engine.remove_refresh_policy(name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    refreshed timescale_engine.rollup := timescale_engine.rollup_named(name);
BEGIN
    IF refreshed.native THEN
        EXECUTE format(
            'SELECT %s.remove_continuous_aggregate_policy($1, if_exists => true)',
            timescale_engine.extension_schema()
        ) USING refreshed.relation;
    END IF;
    PERFORM timescale_engine.remove_policy('refresh', timescale_engine.full_name(refreshed.relation));
END
$$;

-- Sets a policy of the toolkit's own; what it ran last stays known.
CREATE OR REPLACE FUNCTION timescale_engine.set_policy(
    kind text, target text, config jsonb, schedule_interval interval
) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO timescale_engine.policy AS p (kind, target, config, schedule_interval)
    VALUES (set_policy.kind, set_policy.target, set_policy.config, set_policy.schedule_interval)
    ON CONFLICT ON CONSTRAINT policy_pkey DO UPDATE
    SET config = excluded.config,
        schedule_interval = excluded.schedule_interval,
        next_run = least(p.next_run, now() + excluded.schedule_interval);
$$;

CREATE OR REPLACE FUNCTION timescale_engine.remove_policy(kind text, target text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM timescale_engine.policy AS p
    WHERE p.kind = remove_policy.kind AND p.target = remove_policy.target;
$$;

-- Runs every policy that is due: refreshes first, sources before what reads them, then archiving, then
-- retention. Safe to run twice at once: a policy is claimed by moving its next run on. Policies of kind
-- K are done by timescale_engine.run_K(target text, config jsonb) RETURNS boolean, one transaction a
-- call, called again while it returns true. An error ends that policy's run, not the others'.
CREATE OR REPLACE PROCEDURE timescale_engine.run_due_policies()
LANGUAGE plpgsql
AS $$
DECLARE
    due timescale_engine.policy;
    failure text;
    more boolean;
BEGIN
    LOOP
        due := timescale_engine.claim_policy();
        COMMIT;
        EXIT WHEN due.kind IS NULL;
        failure := NULL;
        LOOP
            BEGIN
                EXECUTE format('SELECT timescale_engine.%I($1, $2)', 'run_' || due.kind)
                INTO more USING due.target, due.config;
            EXCEPTION WHEN OTHERS THEN
                failure := sqlerrm;
                more := false;
            END;
            COMMIT;
            EXIT WHEN NOT coalesce(more, false);
        END LOOP;
        UPDATE timescale_engine.policy AS p
        SET last_status = CASE WHEN failure IS NULL THEN 'ok' ELSE 'error' END,
            last_error = failure,
            last_duration_ms = extract(epoch FROM clock_timestamp() - due.last_run) * 1000
        WHERE p.kind = due.kind AND p.target = due.target;
        COMMIT;
    END LOOP;
END
$$;

-- Takes the first policy that is due, or a row of NULLs.
CREATE OR REPLACE FUNCTION timescale_engine.claim_policy() RETURNS timescale_engine.policy
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE timescale_engine.policy AS p
    SET last_run = clock_timestamp(),
        last_status = 'running',
        next_run = clock_timestamp() + p.schedule_interval
    FROM (
        SELECT q.kind, q.target
        FROM timescale_engine.policy AS q
        LEFT JOIN timescale_engine.rollup AS r ON r.relation = to_regclass(q.target)
        WHERE q.next_run <= clock_timestamp()
        ORDER BY array_position(ARRAY['refresh', 'archive', 'retention'], q.kind), r.id, q.target
        LIMIT 1
        FOR UPDATE OF q SKIP LOCKED
    ) AS first
    WHERE p.kind = first.kind AND p.target = first.target
    RETURNING p.*;
$$;

CREATE OR REPLACE FUNCTION timescale_engine.run_refresh(target text, config jsonb) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    step integer;
BEGIN
    FOREACH step IN ARRAY timescale_engine.lineage(target) LOOP
        IF timescale_engine.refresh_step(step) THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;

-- Lets the toolkit's own rollups above a hypertable take what changed in it; true if more is left.
CREATE OR REPLACE FUNCTION timescale_engine.refresh_readers(source regclass) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reader integer;
BEGIN
    FOR reader IN
        SELECT r.id
        FROM timescale_engine.rollup AS r
        JOIN timescale_engine.source AS s ON s.id = r.source_id
        WHERE s.relation = source
        ORDER BY r.id
    LOOP
        IF timescale_engine.refresh_step(reader) THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;

-- The continuous aggregates that read a hypertable, with their watermarks as the registry has times.
CREATE OR REPLACE FUNCTION timescale_engine.native_readers(source regclass)
RETURNS TABLE (name text, bucket interval, watermark timestamp)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        format('%I.%I', a.user_view_schema, a.user_view_name),
        b.bucket_width::interval,
        _timescaledb_functions.to_timestamp(
            _timescaledb_functions.cagg_watermark(a.mat_hypertable_id)
        ) AT TIME ZONE 'UTC'
    FROM _timescaledb_catalog.continuous_agg AS a
    JOIN _timescaledb_catalog.continuous_aggs_bucket_function AS b
      ON b.mat_hypertable_id = a.mat_hypertable_id
    JOIN _timescaledb_catalog.hypertable AS h ON h.id = a.raw_hypertable_id
    WHERE format('%I.%I', h.schema_name, h.table_name)::regclass = source;
$$;

-- Up to where a hypertable is closed: below the newest chunk that holds rows, and below the watermark of
-- every rollup that reads it, which takes newer buckets from the table itself. NULL: it holds no rows.
CREATE OR REPLACE FUNCTION timescale_engine.closed_until(source regclass) RETURNS timestamp
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    newest record;
    is_filled boolean;
BEGIN
    FOR newest IN
        SELECT c.chunk, lower(c.span) AS starts
        FROM timescale_engine.chunks_of(source) AS c
        ORDER BY lower(c.span) DESC
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', newest.chunk) INTO is_filled;
        EXIT WHEN is_filled;
    END LOOP;
    RETURN least(
        newest.starts,
        (
            SELECT min(r.watermark)
            FROM timescale_engine.rollup AS r
            JOIN timescale_engine.source AS s ON s.id = r.source_id
            WHERE s.relation = source
        ),
        (SELECT min(n.watermark) FROM timescale_engine.native_readers(source) AS n)
    );
END
$$;

-- An error where a continuous aggregate is behind the rows of its hypertable by a whole bucket: only its
-- own refresh can help.
CREATE OR REPLACE FUNCTION timescale_engine.require_current_readers(source regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    newest timestamp := (
        SELECT upper(timescale_engine.held_span(
            source, d.column_name, d.column_type = 'timestamptz'::regtype
        ))
        FROM timescaledb_information.dimensions AS d
        WHERE format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass = source
          AND d.dimension_number = 1
    );
    late record;
BEGIN
    SELECT n.name, n.watermark INTO late
    FROM timescale_engine.native_readers(source) AS n
    WHERE newest > n.watermark + n.bucket
    LIMIT 1;
    IF FOUND THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format(
                'Archiving of %s waits: %s is refreshed to %s only. Run `python -m db maintain --fill`,'
                ' then this again.', source, late.name, late.watermark
            );
    END IF;
END
$$;

-- Drops the chunks of a hypertable or rollup that are older than config's drop_after, once every rollup
-- above it has taken what changed, and once its archive policy, if any, has run without an error. What
-- is not closed yet stays, however old it is.
CREATE OR REPLACE FUNCTION timescale_engine.run_retention(target text, config jsonb) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped regclass := target::regclass;
    closed timestamp;
    zoned boolean;
BEGIN
    IF EXISTS (
        SELECT FROM timescale_engine.policy AS p
        WHERE p.kind = 'archive' AND p.target = run_retention.target
          AND p.last_status IS DISTINCT FROM 'ok'
    ) THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('Retention of %s waits: its archive policy has not succeeded.', target);
    END IF;
    SELECT r.materialized INTO dropped FROM timescale_engine.rollup AS r
    WHERE r.relation = dropped AND NOT r.native;
    dropped := coalesce(dropped, target::regclass);
    IF timescale_engine.refresh_readers(dropped) THEN
        RETURN true;
    END IF;
    closed := timescale_engine.closed_until(dropped);
    IF closed = '-infinity' THEN
        RETURN false; -- a reader has taken nothing so far
    END IF;
    SELECT d.column_type = 'timestamptz'::regtype INTO zoned
    FROM timescaledb_information.dimensions AS d
    WHERE format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass = dropped
      AND d.dimension_number = 1;
    EXECUTE format(
        'SELECT count(*) FROM %1$s.drop_chunks($1, older_than => least(%2$s - $2, $3%3$s))',
        timescale_engine.extension_schema(),
        CASE WHEN zoned THEN 'now()' ELSE 'localtimestamp' END,
        CASE WHEN zoned THEN ' AT TIME ZONE ''UTC''' END
    ) USING dropped, (config ->> 'drop_after')::interval, closed;
    RETURN false;
END
$$;

-- The refresh and retention policies of a rollup, native or the toolkit's own, as jsonb.
CREATE OR REPLACE FUNCTION timescale_engine.policies_of(r timescale_engine.rollup) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'kind', f.kind, 'config', f.config, 'schedule_interval', f.schedule_interval
        )), '[]')
        FROM (
            SELECT p.kind, p.config, p.schedule_interval
            FROM timescale_engine.policy AS p
            WHERE p.target = timescale_engine.full_name(r.relation)
            UNION ALL
            SELECT
                CASE j.proc_name WHEN 'policy_retention' THEN 'retention' ELSE 'refresh' END,
                j.config,
                j.schedule_interval
            FROM timescaledb_information.jobs AS j
            JOIN timescaledb_information.continuous_aggregates AS a
              -- the view names the materialized hypertable in older versions, the aggregate in newer ones
              ON (j.hypertable_schema, j.hypertable_name) IN (
                  (a.view_schema, a.view_name),
                  (a.materialization_hypertable_schema, a.materialization_hypertable_name)
              )
            WHERE j.proc_name IN ('policy_retention', 'policy_refresh_continuous_aggregate')
              AND format('%I.%I', a.view_schema, a.view_name) = timescale_engine.full_name(r.relation)
        ) AS f
    )
$$;

-- Sets the policies that policies_of() gave, in the way of the engine the rollup has now.
CREATE OR REPLACE FUNCTION timescale_engine.set_policies(name text, policies jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r timescale_engine.rollup := timescale_engine.rollup_named(name);
    p record;
BEGIN
    FOR p IN
        SELECT * FROM jsonb_to_recordset(policies)
        AS f (kind text, config jsonb, schedule_interval interval)
    LOOP
        IF p.kind = 'refresh' THEN
            PERFORM timescale_engine.set_refresh_policy(
                name, (p.config ->> 'start_offset')::interval, (p.config ->> 'end_offset')::interval,
                p.schedule_interval
            );
        ELSIF r.native THEN
            EXECUTE format(
                'SELECT %s.add_retention_policy($1, $2, schedule_interval => $3)',
                timescale_engine.extension_schema()
            ) USING r.relation, (p.config ->> 'drop_after')::interval, p.schedule_interval;
        ELSE
            PERFORM timescale_engine.set_policy(
                p.kind, timescale_engine.full_name(r.relation),
                jsonb_build_object('drop_after', p.config ->> 'drop_after'), p.schedule_interval
            );
        END IF;
    END LOOP;
END
$$;

-- The same as a job of TimescaleDB's own scheduler (Community).
-- https://docs.tigerdata.com/api/latest/jobs-automation/add_job/
CREATE OR REPLACE PROCEDURE timescale_engine.run_due_job(job_id integer, config jsonb)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL timescale_engine.run_due_policies();
END
$$;
