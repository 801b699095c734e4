-- The head line of an exchange's newest chain.

-- Future, VIX and features as ml_features holds them for this instant. Where it holds none, those
-- that a writer gave for this instant stay, and those of another instant go.
CREATE OR REPLACE FUNCTION live_edge.refresh_context(
    of_exchange text, at_instant timestamp
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    features record;
BEGIN
    EXECUTE $query$
        SELECT
            "timestamp", underlying_future_price, underlying_future_oi, vix,
            itm_oi_ce_pct_change_3m_wavg, itm_oi_pe_pct_change_3m_wavg, percent_oichange_fut_3m,
            atm_shift_intensity, itm_ce_breadth, itm_pe_breadth
        FROM public.ml_features
        WHERE exchange = $1 AND "timestamp" = $2
    $query$
    INTO features
    USING of_exchange, at_instant;
    INSERT INTO public.chain_summary AS kept (
        exchange, "timestamp", context_at, future_price, future_oi, vix,
        itm_oi_ce_pct_change, itm_oi_pe_pct_change, percent_oichange_fut_3m,
        atm_shift_intensity, itm_ce_breadth, itm_pe_breadth
    )
    VALUES (
        of_exchange, at_instant, features."timestamp", features.underlying_future_price,
        live_edge.whole(features.underlying_future_oi::numeric), features.vix,
        features.itm_oi_ce_pct_change_3m_wavg, features.itm_oi_pe_pct_change_3m_wavg,
        features.percent_oichange_fut_3m, features.atm_shift_intensity,
        features.itm_ce_breadth, features.itm_pe_breadth
    )
    ON CONFLICT (exchange) DO UPDATE SET
        context_at = excluded.context_at,
        underlying_at = CASE WHEN kept.context_at = at_instant THEN kept.underlying_at END,
        lot_size = CASE WHEN kept.context_at = at_instant THEN kept.lot_size END,
        future_price = excluded.future_price,
        future_oi = excluded.future_oi,
        vix = excluded.vix,
        itm_oi_ce_pct_change = excluded.itm_oi_ce_pct_change,
        itm_oi_pe_pct_change = excluded.itm_oi_pe_pct_change,
        percent_oichange_fut_3m = excluded.percent_oichange_fut_3m,
        atm_shift_intensity = excluded.atm_shift_intensity,
        itm_ce_breadth = excluded.itm_ce_breadth,
        itm_pe_breadth = excluded.itm_pe_breadth
    WHERE excluded.context_at IS NOT NULL OR kept.context_at IS DISTINCT FROM at_instant;
END
$$;

-- Totals, PCR, ATM and max pain from option_chain_latest; then tells who listens. Returns the
-- number of contracts. `context` is what the writer gave with the chain, NULL where the chain was
-- read from history; a writer that knows better than the index which strike is at the money names
-- it as `atm_strike`. IV at the money of the `forward` is that of the strike nearest to it; both
-- stay while the chain of the same instant is corrected in history.
-- Unknown OI counts for nothing in a sum; a side without any known OI leaves PCR and max pain
-- unknown. Max pain is the strike of least payout; from one strike to the next the payout grows by
-- the call OI at or below minus the put OI above, times their distance.
CREATE OR REPLACE FUNCTION live_edge.summarize(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    number CONSTANT bigint := nextval('live_edge.sequence');
    given_strike CONSTANT double precision := context ->> 'atm_strike';
    given_forward CONSTANT double precision := CASE
        WHEN context IS NOT NULL
            THEN (context ->> 'forward')::double precision
        ELSE (
            SELECT forward
            FROM public.chain_summary
            WHERE exchange = of_exchange AND "timestamp" = at_instant
        )
    END;
    summed integer;
BEGIN
    WITH chain AS MATERIALIZED (
        SELECT
            strike, option_type = 'CE' AS is_call, expiry, underlying_price, oi, volume, ltp, iv,
            iv_forward
        FROM public.option_chain_latest
        WHERE exchange = of_exchange AND "timestamp" = at_instant
    ), totals AS MATERIALIZED (
        SELECT
            count(*)::integer AS contracts,
            count(oi)::integer AS oi_known,
            min(expiry) AS expiry,
            max(live_edge.known_price(underlying_price)) AS underlying_price,
            live_edge.whole(sum(oi) FILTER (WHERE is_call)) AS oi_ce,
            live_edge.whole(sum(oi) FILTER (WHERE NOT is_call)) AS oi_pe,
            live_edge.whole(sum(volume) FILTER (WHERE is_call)) AS volume_ce,
            live_edge.whole(sum(volume) FILTER (WHERE NOT is_call)) AS volume_pe
        FROM chain
    ), at_the_money AS (
        SELECT
            chosen.strike,
            CASE WHEN count(chain.ltp) = 2 THEN sum(chain.ltp) END AS straddle,
            avg(chain.iv) AS iv
        FROM (
            SELECT coalesce(
                given_strike,
                (
                    SELECT chain.strike
                    FROM chain, totals
                    WHERE totals.underlying_price IS NOT NULL
                    ORDER BY abs(chain.strike - totals.underlying_price), chain.strike
                    LIMIT 1
                )
            ) AS strike
        ) AS chosen
        LEFT JOIN chain ON chain.strike = chosen.strike
        GROUP BY chosen.strike
    ), at_the_forward AS (
        SELECT avg(chain.iv_forward) AS iv
        FROM chain
        WHERE chain.strike = (
            SELECT strike
            FROM chain
            WHERE given_forward IS NOT NULL
            ORDER BY abs(strike - given_forward), strike
            LIMIT 1
        )
    ), by_strike AS (
        SELECT
            strike,
            max(oi) FILTER (WHERE is_call) AS oi_ce,
            max(oi) FILTER (WHERE NOT is_call) AS oi_pe
        FROM chain
        GROUP BY strike
    ), steps AS (
        SELECT
            strike,
            lead(strike) OVER upwards - strike AS distance,
            sum(coalesce(by_strike.oi_ce, 0)::double precision) OVER upwards
                + sum(coalesce(by_strike.oi_pe, 0)::double precision) OVER upwards
                - coalesce(totals.oi_pe, 0) AS slope
        FROM by_strike, totals
        WINDOW upwards AS (ORDER BY strike ROWS UNBOUNDED PRECEDING)
    ), payouts AS (
        SELECT
            strike,
            coalesce(
                sum(slope * distance) OVER (
                    ORDER BY strike ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ), 0
            ) AS payout
        FROM steps
    ), pain AS (
        SELECT strike FROM payouts ORDER BY payout, strike LIMIT 1
    )
    INSERT INTO public.chain_summary AS kept (
        exchange, "timestamp", sequence, updated_at, contracts, oi_known, expiry, atm_strike,
        underlying_price, pcr, pcr_volume, max_pain, oi_ce, oi_pe, volume_ce, volume_pe,
        straddle, atm_iv, forward, atm_iv_forward, source, has_changes
    )
    SELECT
        of_exchange, at_instant, number, clock_timestamp(), totals.contracts, totals.oi_known,
        totals.expiry, at_the_money.strike, totals.underlying_price,
        totals.oi_pe::double precision / nullif(totals.oi_ce, 0),
        totals.volume_pe::double precision / nullif(totals.volume_ce, 0),
        CASE WHEN totals.oi_ce::double precision + totals.oi_pe > 0 THEN pain.strike END,
        totals.oi_ce, totals.oi_pe, totals.volume_ce, totals.volume_pe,
        at_the_money.straddle, at_the_money.iv, given_forward, at_the_forward.iv,
        context ->> 'source',
        CASE
            WHEN context IS NOT NULL
                THEN coalesce((context ->> 'has_changes')::boolean, false)
        END
    FROM totals
    CROSS JOIN at_the_money
    CROSS JOIN at_the_forward
    LEFT JOIN pain ON true
    ON CONFLICT (exchange) DO UPDATE SET
        "timestamp" = excluded."timestamp",
        sequence = excluded.sequence,
        updated_at = excluded.updated_at,
        contracts = excluded.contracts,
        oi_known = excluded.oi_known,
        expiry = excluded.expiry,
        atm_strike = excluded.atm_strike,
        underlying_price = excluded.underlying_price,
        pcr = excluded.pcr,
        pcr_volume = excluded.pcr_volume,
        max_pain = excluded.max_pain,
        oi_ce = excluded.oi_ce,
        oi_pe = excluded.oi_pe,
        volume_ce = excluded.volume_ce,
        volume_pe = excluded.volume_pe,
        straddle = excluded.straddle,
        atm_iv = excluded.atm_iv,
        forward = excluded.forward,
        atm_iv_forward = excluded.atm_iv_forward,
        -- corrected in history, a chain is still the one that its writer showed
        source = CASE
            WHEN context IS NULL AND kept."timestamp" = excluded."timestamp" THEN kept.source
            ELSE excluded.source
        END,
        has_changes = excluded.has_changes
    RETURNING kept.contracts INTO summed;
    PERFORM live_edge.tell(of_exchange, number);
    RETURN summed;
END
$$;

-- Tells who listens of a state by its number. An announcement takes fewer than 8000 bytes; a name that
-- is longer is of no exchange that anybody follows, and whoever stores it must not be stopped.
CREATE OR REPLACE FUNCTION live_edge.tell(of_exchange text, number bigint) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_notify('oi_live', of_exchange || ':' || number)
    WHERE octet_length(of_exchange) < 1000
$$;

-- Tells who listens of a head line that stays while its chain is compared with another past.
CREATE OR REPLACE FUNCTION live_edge.announce(of_exchange text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    number CONSTANT bigint := nextval('live_edge.sequence');
BEGIN
    UPDATE public.chain_summary SET sequence = number WHERE exchange = of_exchange;
    PERFORM live_edge.tell(of_exchange, number);
END
$$;

-- An exchange without any snapshot has no live edge.
CREATE OR REPLACE FUNCTION live_edge.forget(of_exchange text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    DELETE FROM public.option_chain_latest WHERE exchange = of_exchange;
    DELETE FROM public.chain_summary WHERE exchange = of_exchange;
    PERFORM live_edge.tell(of_exchange, nextval('live_edge.sequence'));
END
$$;
