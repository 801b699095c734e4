-- Writing a snapshot with less work; every function does what it did before.

CREATE OR REPLACE FUNCTION live_edge.touch_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF live_edge.is_bulk_load() THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.snapshot_touched (transaction_id, exchange, "timestamp")
    SELECT live_edge.transaction_id(), touched.exchange, touched."timestamp"
    FROM (SELECT DISTINCT exchange, "timestamp" FROM after_rows) AS touched
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

-- Totals, PCR, ATM and max pain from option_chain_latest; then tells who listens. Returns the
-- number of contracts.
-- Max pain is the strike of least payout; from one strike to the next the payout grows by the
-- call OI at or below minus the put OI above, times their distance.
CREATE OR REPLACE FUNCTION live_edge.summarize(
    of_exchange text, at_instant timestamp
) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    number CONSTANT bigint := nextval('live_edge.sequence');
    summed integer;
BEGIN
    WITH chain AS MATERIALIZED (
        SELECT strike, option_type = 'CE' AS is_call, expiry, underlying_price, oi, volume, ltp, iv
        FROM public.option_chain_latest
        WHERE exchange = of_exchange AND "timestamp" = at_instant
    ), totals AS MATERIALIZED (
        SELECT
            count(*)::integer AS contracts,
            min(expiry) AS expiry,
            max(underlying_price) AS underlying_price,
            sum(oi) FILTER (WHERE is_call)::bigint AS oi_ce,
            sum(oi) FILTER (WHERE NOT is_call)::bigint AS oi_pe,
            sum(volume) FILTER (WHERE is_call)::bigint AS volume_ce,
            sum(volume) FILTER (WHERE NOT is_call)::bigint AS volume_pe
        FROM chain
    ), at_the_money AS (
        SELECT
            nearest.strike,
            CASE WHEN count(chain.ltp) = 2 THEN sum(chain.ltp) END AS straddle,
            avg(chain.iv) AS iv
        FROM (
            SELECT chain.strike
            FROM chain, totals
            WHERE totals.underlying_price IS NOT NULL
            ORDER BY abs(chain.strike - totals.underlying_price), chain.strike
            LIMIT 1
        ) AS nearest
        JOIN chain ON chain.strike = nearest.strike
        GROUP BY nearest.strike
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
        exchange, "timestamp", sequence, updated_at, contracts, expiry, atm_strike,
        underlying_price, pcr, pcr_volume, max_pain, oi_ce, oi_pe, volume_ce, volume_pe,
        straddle, atm_iv
    )
    SELECT
        of_exchange, at_instant, number, clock_timestamp(), coalesce(totals.contracts, 0), totals.expiry,
        at_the_money.strike, totals.underlying_price,
        totals.oi_pe::double precision / nullif(totals.oi_ce, 0),
        totals.volume_pe::double precision / nullif(totals.volume_ce, 0),
        CASE WHEN coalesce(totals.oi_ce, 0) + coalesce(totals.oi_pe, 0) > 0 THEN pain.strike END,
        totals.oi_ce, totals.oi_pe, totals.volume_ce, totals.volume_pe,
        at_the_money.straddle, at_the_money.iv
    FROM totals
    LEFT JOIN at_the_money ON true
    LEFT JOIN pain ON true
    ON CONFLICT (exchange) DO UPDATE SET
        "timestamp" = excluded."timestamp",
        sequence = excluded.sequence,
        updated_at = excluded.updated_at,
        contracts = excluded.contracts,
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
        atm_iv = excluded.atm_iv
    RETURNING kept.contracts INTO summed;
    PERFORM pg_notify('oi_live', of_exchange || ':' || number);
    RETURN summed;
END
$$;

-- The same from what a writer of this session has put into its temporary table `staged_chain`. The
-- contracts are nearly always known: an UPDATE by one join costs half of as many ON CONFLICTs. Plans
-- are kept; one made while the newest chain was empty must not loop over all of it for each row.
CREATE OR REPLACE FUNCTION live_edge.chain_from_stage(
    of_exchange text, at_instant timestamp
) RETURNS bigint
    LANGUAGE plpgsql SET enable_nestloop = off
    AS $$
DECLARE
    replaced bigint;
    added bigint;
BEGIN
    UPDATE public.option_chain_latest AS kept SET
        "timestamp" = at_instant,
        symbol = chain.symbol,
        expiry = chain.expiry,
        oi = chain.oi,
        ltp = chain.ltp,
        token = chain.token,
        underlying_price = chain.underlying_price,
        moneyness = chain.moneyness,
        time_to_expiry_seconds = chain.time_to_expiry_seconds,
        pct_change_3m = chain.pct_change_3m,
        pct_change_5m = chain.pct_change_5m,
        pct_change_10m = chain.pct_change_10m,
        pct_change_15m = chain.pct_change_15m,
        pct_change_30m = chain.pct_change_30m,
        iv = chain.iv,
        volume = chain.volume,
        best_bid = chain.best_bid,
        best_ask = chain.best_ask,
        bid_quantity = chain.bid_quantity,
        ask_quantity = chain.ask_quantity,
        spread = chain.spread,
        order_book_imbalance = chain.order_book_imbalance,
        oi_change_3m = chain.oi - base.oi_3m,
        oi_change_5m = chain.oi - base.oi_5m,
        oi_change_10m = chain.oi - base.oi_10m,
        oi_change_15m = chain.oi - base.oi_15m,
        oi_change_30m = chain.oi - base.oi_30m,
        theoretical_price = chain.theoretical_price,
        delta = chain.delta,
        gamma = chain.gamma,
        theta = chain.theta,
        vega = chain.vega
    FROM pg_temp.staged_chain AS chain
    LEFT JOIN live_edge.baselines(of_exchange, at_instant) AS base USING (strike, option_type)
    WHERE kept.exchange = of_exchange
      AND kept.strike = chain.strike
      AND kept.option_type = chain.option_type;
    GET DIAGNOSTICS replaced = ROW_COUNT;
    IF replaced = (SELECT count(*) FROM pg_temp.staged_chain) THEN
        RETURN 0;
    END IF;
    INSERT INTO public.option_chain_latest (
        exchange, strike, option_type, "timestamp", symbol, expiry, oi, ltp, token,
        underlying_price, moneyness, time_to_expiry_seconds, pct_change_3m, pct_change_5m,
        pct_change_10m, pct_change_15m, pct_change_30m, iv, volume, best_bid, best_ask,
        bid_quantity, ask_quantity, spread, order_book_imbalance, oi_change_3m, oi_change_5m,
        oi_change_10m, oi_change_15m, oi_change_30m, theoretical_price, delta, gamma, theta, vega
    )
    SELECT
        of_exchange, chain.strike, chain.option_type, at_instant, chain.symbol, chain.expiry,
        chain.oi, chain.ltp, chain.token, chain.underlying_price, chain.moneyness,
        chain.time_to_expiry_seconds, chain.pct_change_3m, chain.pct_change_5m,
        chain.pct_change_10m, chain.pct_change_15m, chain.pct_change_30m, chain.iv, chain.volume,
        chain.best_bid, chain.best_ask, chain.bid_quantity, chain.ask_quantity, chain.spread,
        chain.order_book_imbalance, chain.oi - base.oi_3m, chain.oi - base.oi_5m,
        chain.oi - base.oi_10m, chain.oi - base.oi_15m, chain.oi - base.oi_30m,
        chain.theoretical_price, chain.delta, chain.gamma, chain.theta, chain.vega
    FROM pg_temp.staged_chain AS chain
    LEFT JOIN live_edge.baselines(of_exchange, at_instant) AS base USING (strike, option_type)
    WHERE NOT EXISTS (
        SELECT
        FROM public.option_chain_latest AS kept
        WHERE kept.exchange = of_exchange
          AND kept.strike = chain.strike
          AND kept.option_type = chain.option_type
    );
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;

-- History and live edge in one; false when a newer chain is shown already.
CREATE OR REPLACE FUNCTION live_edge.write_snapshot(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS boolean
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    PERFORM live_edge.lock(of_exchange);
    -- settled here: its rows need not be logged, and those this transaction wrote otherwise stay so
    PERFORM set_config('live_edge.bulk_load', 'on', true);
    BEGIN
        PERFORM live_edge.insert_staged(of_exchange, at_instant);
    EXCEPTION
        WHEN unique_violation THEN
            PERFORM live_edge.upsert_staged(of_exchange, at_instant);
    END;
    PERFORM set_config('live_edge.bulk_load', 'off', true);
    PERFORM set_config('live_edge.settled', of_exchange || ' ' || at_instant, true);
    RETURN live_edge.settle_staged(of_exchange, at_instant, context);
END
$$;
