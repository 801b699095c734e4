-- What open interest is compared with.

-- In percent of what it was; unknown where either is, or where there was nothing. Parsed when it is
-- made, so that it needs no search path and becomes part of the statements that call it for each row.
CREATE OR REPLACE FUNCTION live_edge.percent_change(quantity bigint, baseline bigint)
    RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN baseline > 0
            THEN (quantity - baseline)::double precision / baseline * 100
    END;

-- OI of each contract n minutes before `at_instant`: at the newest snapshot at or before that
-- moment, of the same day and no older than twice as far back.
CREATE OR REPLACE FUNCTION live_edge.baselines(
    of_exchange text, at_instant timestamp
) RETURNS TABLE (
    strike double precision, option_type text,
    oi_3m bigint, oi_5m bigint, oi_10m bigint, oi_15m bigint, oi_30m bigint
)
    LANGUAGE plpgsql ROWS 300
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    known timestamp[];
    earliest timestamp;
    latest timestamp;
BEGIN
    SELECT ARRAY[
        max(instant) FILTER (WHERE ago BETWEEN INTERVAL '3 min' AND INTERVAL '6 min'),
        max(instant) FILTER (WHERE ago BETWEEN INTERVAL '5 min' AND INTERVAL '10 min'),
        max(instant) FILTER (WHERE ago BETWEEN INTERVAL '10 min' AND INTERVAL '20 min'),
        max(instant) FILTER (WHERE ago BETWEEN INTERVAL '15 min' AND INTERVAL '30 min'),
        max(instant) FILTER (WHERE ago BETWEEN INTERVAL '30 min' AND INTERVAL '60 min')
    ]
    INTO known
    FROM (
        SELECT "timestamp" AS instant, at_instant - "timestamp" AS ago
        FROM public.snapshots
        WHERE exchange = of_exchange
          AND "timestamp" >= greatest(at_instant - INTERVAL '60 min', date_trunc('day', at_instant))
          AND "timestamp" <= at_instant - INTERVAL '3 min'
    ) AS pointer;
    earliest := least(known[1], known[2], known[3], known[4], known[5]);
    latest := greatest(known[1], known[2], known[3], known[4], known[5]);
    IF earliest IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE $query$
        SELECT
            chain.strike,
            chain.option_type,
            max(chain.oi) FILTER (WHERE chain."timestamp" = $4[1]),
            max(chain.oi) FILTER (WHERE chain."timestamp" = $4[2]),
            max(chain.oi) FILTER (WHERE chain."timestamp" = $4[3]),
            max(chain.oi) FILTER (WHERE chain."timestamp" = $4[4]),
            max(chain.oi) FILTER (WHERE chain."timestamp" = $4[5])
        FROM public.option_chain_snapshots AS chain
        WHERE chain.exchange = $1
          AND chain."timestamp" >= $2
          AND chain."timestamp" <= $3
          AND chain."timestamp" = ANY ($4)
        GROUP BY chain.strike, chain.option_type
    $query$
    USING of_exchange, earliest, latest, known;
END
$$;

-- OI of each contract at one instant of history. A strike may have been listed for another expiry
-- then, which is another contract.
CREATE OR REPLACE FUNCTION live_edge.oi_at(
    of_exchange text, at_instant timestamp
) RETURNS TABLE (strike double precision, option_type text, expiry date, oi bigint)
    LANGUAGE plpgsql ROWS 300
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF at_instant IS NOT NULL THEN
        RETURN QUERY EXECUTE $query$
            SELECT
                chain.strike, chain.option_type,
                coalesce(
                    chain.expiry,
                    (chain."timestamp" + chain.time_to_expiry_seconds * INTERVAL '1 s')::date
                ),
                chain.oi
            FROM public.option_chain_snapshots AS chain
            WHERE chain.exchange = $1 AND chain."timestamp" = $2
        $query$
        USING of_exchange, at_instant;
    END IF;
END
$$;

-- The first snapshot of the day of `at_instant`, and the last one before that day.
CREATE OR REPLACE FUNCTION live_edge.day_bounds(
    of_exchange text, at_instant timestamp,
    OUT day_open_at timestamp, OUT prev_close_at timestamp
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    midnight CONSTANT timestamp := date_trunc('day', at_instant);
BEGIN
    EXECUTE $query$
        SELECT
            (
                SELECT "timestamp"
                FROM public.snapshots
                WHERE exchange = $1 AND "timestamp" >= $2 AND "timestamp" <= $3
                ORDER BY "timestamp"
                LIMIT 1
            ),
            (
                SELECT "timestamp"
                FROM public.snapshots
                WHERE exchange = $1 AND "timestamp" >= $4 AND "timestamp" < $2
                ORDER BY "timestamp" DESC
                LIMIT 1
            )
    $query$
    INTO day_open_at, prev_close_at
    USING of_exchange, midnight, at_instant, midnight - INTERVAL '15 days';
END
$$;
