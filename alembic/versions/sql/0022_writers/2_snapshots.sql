-- The pointer table: one row for each snapshot that history holds, with its totals.

-- A sum as a whole number; unknown where it is none, or beyond what a column holds: no market has such
-- a thing, and whoever stores it all the same must not be stopped.
CREATE OR REPLACE FUNCTION live_edge.whole(quantity numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN quantity BETWEEN -9223372036854775808 AND 9223372036854775807 THEN quantity::bigint
    END;

-- The price of an index; nothing, less than that, infinity and NaN say that there is none, and would have
-- the lowest strike stand at the money.
CREATE OR REPLACE FUNCTION live_edge.known_price(price double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN price > 0 AND price < 'Infinity' THEN price END;

-- Totals of the snapshots that history holds between two instants, or of the named ones among
-- them. EXECUTEd with constants, so that only the window's chunks are opened; one without
-- statistics must not tempt the planner into nested loops over a whole day.
CREATE OR REPLACE FUNCTION live_edge.totals(
    of_exchange text, first_instant timestamp, last_instant timestamp, instants timestamp[]
) RETURNS TABLE (
    "timestamp" timestamp, exchange text, contracts integer, underlying_price double precision,
    future_price double precision, oi_ce bigint, oi_pe bigint, volume_ce bigint,
    volume_pe bigint, atm_strike double precision, straddle double precision
)
    LANGUAGE plpgsql SET enable_nestloop = off
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN QUERY EXECUTE $query$
        WITH chain AS MATERIALIZED (
            SELECT
                "timestamp", strike, option_type, oi, volume, ltp,
                live_edge.known_price(underlying_price) AS underlying_price
            FROM public.option_chain_snapshots
            WHERE exchange = $1
              AND "timestamp" >= $2
              AND "timestamp" <= $3
              AND ($4 IS NULL OR "timestamp" = ANY ($4))
        ), by_strike AS (
            SELECT
                "timestamp",
                strike,
                count(*) AS contracts,
                max(underlying_price) AS underlying_price,
                sum(oi) FILTER (WHERE option_type = 'CE') AS oi_ce,
                sum(oi) FILTER (WHERE option_type = 'PE') AS oi_pe,
                sum(volume) FILTER (WHERE option_type = 'CE') AS volume_ce,
                sum(volume) FILTER (WHERE option_type = 'PE') AS volume_pe,
                CASE WHEN count(ltp) = 2 THEN sum(ltp) END AS straddle,
                abs(strike - max(underlying_price)) AS distance
            FROM chain
            GROUP BY "timestamp", strike
        ), totals AS (
            SELECT
                "timestamp",
                sum(contracts)::integer AS contracts,
                max(underlying_price) AS underlying_price,
                live_edge.whole(sum(oi_ce)) AS oi_ce,
                live_edge.whole(sum(oi_pe)) AS oi_pe,
                live_edge.whole(sum(volume_ce)) AS volume_ce,
                live_edge.whole(sum(volume_pe)) AS volume_pe,
                (array_agg(strike ORDER BY distance, strike)
                    FILTER (WHERE distance IS NOT NULL))[1] AS atm_strike,
                (array_agg(straddle ORDER BY distance, strike)
                    FILTER (WHERE distance IS NOT NULL))[1] AS straddle
            FROM by_strike
            GROUP BY "timestamp"
        ), futures AS (
            SELECT "timestamp", underlying_future_price AS future_price
            FROM public.ml_features
            WHERE exchange = $1
              AND "timestamp" >= $2
              AND "timestamp" <= $3
              AND ($4 IS NULL OR "timestamp" = ANY ($4))
        )
        SELECT
            "timestamp", $1, contracts, underlying_price, future_price,
            oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
        FROM totals
        LEFT JOIN futures USING ("timestamp")
    $query$
    USING of_exchange, first_instant, last_instant, instants;
END
$$;

-- Brings the rows of `snapshots` for these instants of one day in line with history; returns the
-- instants at which history has rows.
CREATE OR REPLACE FUNCTION live_edge.refresh_day(
    of_exchange text, instants timestamp[]
) RETURNS timestamp[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    first_instant timestamp;
    last_instant timestamp;
    found timestamp[];
BEGIN
    SELECT min(instant), max(instant)
    INTO first_instant, last_instant
    FROM unnest(instants) AS instant;
    WITH known AS MATERIALIZED (
        SELECT * FROM live_edge.totals(of_exchange, first_instant, last_instant, instants)
    ), written AS (
        INSERT INTO public.snapshots AS kept (
            "timestamp", exchange, contracts, underlying_price, future_price,
            oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
        )
        SELECT
            "timestamp", exchange, contracts, underlying_price, future_price,
            oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
        FROM known
        ON CONFLICT (exchange, "timestamp") DO UPDATE SET
            contracts = excluded.contracts,
            underlying_price = excluded.underlying_price,
            future_price = excluded.future_price,
            oi_ce = excluded.oi_ce,
            oi_pe = excluded.oi_pe,
            volume_ce = excluded.volume_ce,
            volume_pe = excluded.volume_pe,
            atm_strike = excluded.atm_strike,
            straddle = excluded.straddle
        WHERE (
            kept.contracts, kept.underlying_price, kept.future_price, kept.oi_ce, kept.oi_pe,
            kept.volume_ce, kept.volume_pe, kept.atm_strike, kept.straddle
        ) IS DISTINCT FROM (
            excluded.contracts, excluded.underlying_price, excluded.future_price,
            excluded.oi_ce, excluded.oi_pe, excluded.volume_ce, excluded.volume_pe,
            excluded.atm_strike, excluded.straddle
        )
    )
    SELECT coalesce(array_agg("timestamp"), '{}') INTO found FROM known;
    IF cardinality(found) < cardinality(instants) THEN
        EXECUTE $query$
            DELETE FROM public.snapshots
            WHERE exchange = $1
              AND "timestamp" >= $2
              AND "timestamp" <= $3
              AND "timestamp" = ANY ($4)
              AND "timestamp" <> ALL ($5)
        $query$
        USING of_exchange, first_instant, last_instant, instants, found;
    END IF;
    RETURN found;
END
$$;

-- The same over any number of days; returns the instants at which history has rows.
CREATE OR REPLACE FUNCTION live_edge.refresh_snapshots(
    of_exchange text, instants timestamp[]
) RETURNS timestamp[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_day timestamp[];
    found timestamp[] := '{}';
BEGIN
    FOR of_day IN
        SELECT array_agg(DISTINCT instant)
        FROM unnest(instants) AS instant
        GROUP BY instant::date
        ORDER BY instant::date
    LOOP
        found := found || live_edge.refresh_day(of_exchange, of_day);
    END LOOP;
    RETURN found;
END
$$;

-- Fills `snapshots` for a window of history that was loaded in bulk; both ends included.
CREATE OR REPLACE FUNCTION live_edge.refresh_window(
    of_exchange text, first_instant timestamp, last_instant timestamp
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    instants timestamp[];
BEGIN
    PERFORM live_edge.lock(of_exchange);
    EXECUTE $query$
        SELECT array_agg(instant)
        FROM (
            SELECT "timestamp" AS instant
            FROM public.option_chain_snapshots
            WHERE exchange = $1 AND "timestamp" >= $2 AND "timestamp" <= $3
            UNION
            SELECT "timestamp"
            FROM public.snapshots
            WHERE exchange = $1 AND "timestamp" >= $2 AND "timestamp" <= $3
        ) AS either
    $query$
    INTO instants
    USING of_exchange, first_instant, last_instant;
    RETURN cardinality(live_edge.refresh_snapshots(of_exchange, coalesce(instants, '{}')));
END
$$;

-- Adds what `snapshots` lacks of a window of history, while others write: it waits for nobody, and
-- a row that a writer settles meanwhile stays as that one left it.
CREATE OR REPLACE FUNCTION live_edge.fill_window(
    of_exchange text, first_instant timestamp, last_instant timestamp
) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
        INSERT INTO public.snapshots (
            "timestamp", exchange, contracts, underlying_price, future_price,
            oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
        )
        SELECT
            "timestamp", exchange, contracts, underlying_price, future_price,
            oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
        FROM live_edge.totals(of_exchange, first_instant, last_instant, NULL)
        ON CONFLICT DO NOTHING
    $$;
