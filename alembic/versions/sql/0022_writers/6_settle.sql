-- Settling: what was touched is brought in line, by whichever writer it was touched.
-- Statements on the small tables keep their plans, whatever the session says; those on history
-- are EXECUTEd, and so always planned with their instants as constants.

-- One settles an exchange at a time; the next one sees what the first has committed.
CREATE OR REPLACE FUNCTION live_edge.lock(of_exchange text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('live_edge'), hashtext(of_exchange));
END
$$;

-- The newest one that may be shown. EXECUTEd: a plan made before the first chunk was there would
-- never see one.
CREATE OR REPLACE FUNCTION live_edge.newest_snapshot(of_exchange text) RETURNS timestamp
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    newest timestamp;
BEGIN
    EXECUTE $query$
        SELECT "timestamp"
        FROM public.snapshots
        WHERE exchange = $1 AND "timestamp" <= $2
        ORDER BY "timestamp" DESC
        LIMIT 1
    $query$
    INTO newest
    USING of_exchange, live_edge.horizon();
    RETURN newest;
END
$$;

-- Makes the chain of an instant of history the newest one: history is read once, and the totals of
-- `snapshots` are those of the chain that is shown then. False where history has no such chain.
CREATE OR REPLACE FUNCTION live_edge.show_stored(
    of_exchange text, at_instant timestamp, is_forced boolean
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    added CONSTANT bigint := live_edge.chain_from_history(of_exchange, at_instant);
BEGIN
    IF added IS NULL THEN
        RETURN false;
    END IF;
    PERFORM live_edge.refresh_context(of_exchange, at_instant);
    PERFORM live_edge.finish_chain(of_exchange, at_instant, NULL, added, true, is_forced);
    RETURN true;
END
$$;

-- Snapshots behind the newest chain have changed: only what is compared with them follows.
CREATE OR REPLACE FUNCTION live_edge.follow_correction(
    of_exchange text, touched timestamp[]
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    shown record;
BEGIN
    SELECT "timestamp" AS at_instant, prev_close_at
    INTO shown
    FROM public.chain_summary
    WHERE exchange = of_exchange;
    IF EXISTS (
        SELECT FROM unnest(touched) AS instant
        WHERE instant >= coalesce(shown.prev_close_at, '-infinity')
          AND instant <= shown.at_instant
    ) THEN
        PERFORM live_edge.refresh_changes(of_exchange, shown.at_instant);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION live_edge.settle(of_exchange text, touched timestamp[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    horizon CONSTANT timestamp := live_edge.horizon();
    found timestamp[];
    shown timestamp;
    has_gone boolean;
    wanted timestamp;
BEGIN
    SELECT "timestamp" INTO shown FROM public.chain_summary WHERE exchange = of_exchange;
    -- the rule: one snapshot, as new as what is shown
    IF cardinality(touched) = 1 AND touched[1] <= horizon
        AND live_edge.supersedes(touched[1], shown, horizon)
    THEN
        IF live_edge.show_stored(of_exchange, touched[1], false) THEN
            RETURN;
        END IF;
    END IF;
    found := live_edge.refresh_snapshots(of_exchange, touched);
    has_gone := shown IS NULL OR (shown = ANY (touched) AND shown <> ALL (found));
    IF has_gone OR shown > horizon THEN
        wanted := live_edge.newest_snapshot(of_exchange);
    ELSE
        SELECT max(instant)
        INTO wanted
        FROM unnest(found) AS instant
        WHERE instant <= horizon AND live_edge.supersedes(instant, shown, horizon);
        IF wanted IS NULL THEN
            PERFORM live_edge.follow_correction(of_exchange, touched);
            RETURN;
        END IF;
    END IF;
    IF wanted IS NOT NULL THEN
        PERFORM live_edge.show_stored(of_exchange, wanted, cardinality(touched) > 1);
    ELSIF has_gone AND shown IS NOT NULL THEN
        PERFORM live_edge.forget(of_exchange);
    END IF;
END
$$;

-- Settles everything this transaction has touched so far, in one order of exchanges for all. Numbers
-- that arithmetic does not survive are no market's: they are stored, and what is shown stays as it was.
CREATE OR REPLACE FUNCTION live_edge.flush() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    part record;
BEGIN
    PERFORM set_config('live_edge.touched', '', true);
    FOR part IN
        WITH taken AS (
            DELETE FROM public.snapshot_touched
            WHERE transaction_id = live_edge.transaction_id()
            RETURNING exchange, "timestamp"
        )
        SELECT exchange, array_agg("timestamp") AS touched
        FROM taken
        GROUP BY exchange
        ORDER BY exchange
    LOOP
        PERFORM live_edge.lock(part.exchange);
        BEGIN
            PERFORM live_edge.settle(part.exchange, part.touched);
        EXCEPTION
            WHEN numeric_value_out_of_range OR datetime_field_overflow THEN
                RAISE WARNING 'The live edge of % does not show what was stored: %',
                    part.exchange, sqlerrm;
        END;
    END LOOP;
END
$$;

-- Fires once a touched snapshot when the transaction commits; the first one settles all.
CREATE OR REPLACE FUNCTION live_edge.flush_touched() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET plan_cache_mode = force_generic_plan
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.snapshot_touched
        WHERE transaction_id = NEW.transaction_id
          AND exchange = NEW.exchange
          AND "timestamp" = NEW."timestamp"
    ) THEN
        PERFORM live_edge.flush();
    END IF;
    RETURN NULL;
END
$$;

-- After a bulk load: the newest chain once, whatever was loaded.
CREATE OR REPLACE FUNCTION live_edge.refresh_newest(of_exchange text) RETURNS void
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    newest timestamp;
    shown timestamp;
BEGIN
    PERFORM live_edge.lock(of_exchange);
    newest := live_edge.newest_snapshot(of_exchange);
    SELECT "timestamp" INTO shown FROM public.chain_summary WHERE exchange = of_exchange;
    IF newest IS NULL AND shown IS NOT NULL THEN
        PERFORM live_edge.forget(of_exchange);
    ELSIF newest < shown AND shown <= live_edge.horizon() THEN
        PERFORM live_edge.refresh_changes(of_exchange, shown);
    ELSIF newest IS NOT NULL THEN
        PERFORM live_edge.show_stored(of_exchange, newest, true);
    END IF;
END
$$;
