-- What a transaction touched: logged once a snapshot, settled when the transaction commits.

CREATE SCHEMA IF NOT EXISTS live_edge;

-- The owners of history, if these are others: new chunks get their triggers as theirs.
DO $$
DECLARE
    owner name;
BEGIN
    FOR owner IN
        SELECT DISTINCT pg_get_userbyid(relowner)
        FROM pg_class
        WHERE oid IN ('public.option_chain_snapshots'::regclass, 'public.ml_features'::regclass)
          AND pg_get_userbyid(relowner) <> current_user
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA live_edge TO %I', owner);
    END LOOP;
END
$$;

-- Never reset, so that a reader can tell newer from older even after an exchange was emptied.
CREATE SEQUENCE IF NOT EXISTS live_edge.sequence;

CREATE OR REPLACE FUNCTION live_edge.transaction_id() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL UNSAFE
    RETURN pg_current_xact_id()::text::bigint;

-- An instant later than this is no instant of a market: history keeps its rows, but it is not
-- shown; and one that is shown, because the clock was set back since, counts as older than any. The
-- clock is read, and not when the transaction began: a long one ends with instants of its own.
CREATE OR REPLACE FUNCTION live_edge.horizon() RETURNS timestamp
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN public.market_now() + (clock_timestamp() - now()) + INTERVAL '5 min';
END
$$;

-- Whether a chain of this instant may take the place of the one that is shown: as the newer one, or
-- as one of the present where the other is of a moment that is yet to come. A clock that was ahead
-- for a while, by less than the horizon, would otherwise have the page stand until that moment.
CREATE OR REPLACE FUNCTION live_edge.supersedes(
    at_instant timestamp, shown timestamp, horizon timestamp
) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN at_instant >= shown
        OR shown > horizon
        OR (
            shown > horizon - INTERVAL '4 min 55 s'
            AND at_instant >= horizon - INTERVAL '5 min 15 s'
            AND at_instant <= horizon - INTERVAL '4 min 55 s'
        );

-- A bulk load says so, and settles what it wrote by itself.
CREATE OR REPLACE FUNCTION live_edge.is_bulk_load() RETURNS boolean
    LANGUAGE sql STABLE
    RETURN coalesce(current_setting('live_edge.bulk_load', true), '') = 'on';

-- Who stores a chain by a statement a row touches one snapshot again and again: the last one is
-- remembered for as long as it stands in the log, so that all but the first cost one comparison.
-- What a savepoint takes back it takes out of both.
CREATE OR REPLACE FUNCTION live_edge.touch_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF live_edge.is_bulk_load() OR NOT EXISTS (
        SELECT
        FROM after_rows
        WHERE exchange || ' ' || "timestamp"
            IS DISTINCT FROM current_setting('live_edge.touched', true)
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.snapshot_touched (transaction_id, exchange, "timestamp")
    SELECT live_edge.transaction_id(), touched.exchange, touched."timestamp"
    FROM (SELECT DISTINCT exchange, "timestamp" FROM after_rows) AS touched
    ON CONFLICT DO NOTHING;
    PERFORM set_config(
        'live_edge.touched', (SELECT exchange || ' ' || "timestamp" FROM after_rows LIMIT 1), true
    );
    RETURN NULL;
END
$$;

-- Features of the snapshot that a writer has just settled came with it, and change nothing.
CREATE OR REPLACE FUNCTION live_edge.touch_features() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF live_edge.is_bulk_load() THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.snapshot_touched (transaction_id, exchange, "timestamp")
    SELECT DISTINCT live_edge.transaction_id(), exchange, "timestamp"
    FROM after_rows
    WHERE exchange || ' ' || "timestamp"
        IS DISTINCT FROM current_setting('live_edge.settled', true)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

-- A row at a time. Deletes: the columnstore is refused beside a DELETE trigger with a transition
-- table. Updates: a statement trigger would fire after every INSERT with ON CONFLICT, most often with
-- nothing updated. Rows of one snapshot lie together here too.
CREATE OR REPLACE FUNCTION live_edge.touch_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    touched CONSTANT text := OLD.exchange || ' ' || OLD."timestamp";
    has_moved CONSTANT boolean := TG_OP = 'UPDATE'
        AND NEW.exchange || ' ' || NEW."timestamp" <> touched;
BEGIN
    IF live_edge.is_bulk_load() OR NOT has_moved
        AND current_setting('live_edge.touched', true) IS NOT DISTINCT FROM touched
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.snapshot_touched (transaction_id, exchange, "timestamp")
    VALUES (live_edge.transaction_id(), OLD.exchange, OLD."timestamp")
    ON CONFLICT DO NOTHING;
    IF has_moved THEN
        INSERT INTO public.snapshot_touched (transaction_id, exchange, "timestamp")
        VALUES (live_edge.transaction_id(), NEW.exchange, NEW."timestamp")
        ON CONFLICT DO NOTHING;
    END IF;
    PERFORM set_config('live_edge.touched', touched, true);
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION live_edge.clear() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    TRUNCATE public.snapshots;
    DELETE FROM public.snapshot_touched WHERE transaction_id = live_edge.transaction_id();
    PERFORM set_config('live_edge.touched', '', true);
    PERFORM live_edge.forget(exchange) FROM public.chain_summary;
    RETURN NULL;
END
$$;
