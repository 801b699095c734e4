-- The functions as 0007_live_edge has them.

CREATE OR REPLACE FUNCTION live_edge.touch_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF live_edge.is_bulk_load() THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.snapshot_touched (transaction_id, exchange, "timestamp")
    SELECT DISTINCT live_edge.transaction_id(), exchange, "timestamp"
    FROM after_rows
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
    WITH by_strike AS MATERIALIZED (
        SELECT
            strike,
            count(*) AS contracts,
            min(expiry) AS expiry,
            max(underlying_price) AS underlying_price,
            sum(oi) FILTER (WHERE option_type = 'CE') AS oi_ce,
            sum(oi) FILTER (WHERE option_type = 'PE') AS oi_pe,
            sum(volume) FILTER (WHERE option_type = 'CE') AS volume_ce,
            sum(volume) FILTER (WHERE option_type = 'PE') AS volume_pe,
            CASE WHEN count(ltp) = 2 THEN sum(ltp) END AS straddle,
            avg(iv) AS iv
        FROM public.option_chain_latest
        WHERE exchange = of_exchange AND "timestamp" = at_instant
        GROUP BY strike
    ), totals AS MATERIALIZED (
        SELECT
            sum(contracts)::integer AS contracts,
            min(expiry) AS expiry,
            max(underlying_price) AS underlying_price,
            sum(oi_ce)::bigint AS oi_ce,
            sum(oi_pe)::bigint AS oi_pe,
            sum(volume_ce)::bigint AS volume_ce,
            sum(volume_pe)::bigint AS volume_pe
        FROM by_strike
    ), at_the_money AS (
        SELECT strike, straddle, iv
        FROM by_strike, totals
        WHERE totals.underlying_price IS NOT NULL
        ORDER BY abs(strike - totals.underlying_price), strike
        LIMIT 1
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

-- The same from what a writer of this session has put into its temporary table `staged_chain`.
CREATE OR REPLACE FUNCTION live_edge.chain_from_stage(
    of_exchange text, at_instant timestamp
) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    added bigint;
BEGIN
    EXECUTE $query$
        WITH written AS (
            INSERT INTO public.option_chain_latest AS kept (
                exchange, strike, option_type, "timestamp", symbol, expiry, oi, ltp, token,
                underlying_price, moneyness, time_to_expiry_seconds, pct_change_3m, pct_change_5m,
                pct_change_10m, pct_change_15m, pct_change_30m, iv, volume, best_bid, best_ask,
                bid_quantity, ask_quantity, spread, order_book_imbalance, oi_change_3m,
                oi_change_5m, oi_change_10m, oi_change_15m, oi_change_30m,
                theoretical_price, delta, gamma, theta, vega
            )
            SELECT
                $1, chain.strike, chain.option_type, $2,
                chain.symbol, chain.expiry, chain.oi, chain.ltp, chain.token,
                chain.underlying_price, chain.moneyness, chain.time_to_expiry_seconds,
                chain.pct_change_3m, chain.pct_change_5m, chain.pct_change_10m,
                chain.pct_change_15m, chain.pct_change_30m, chain.iv, chain.volume,
                chain.best_bid, chain.best_ask, chain.bid_quantity, chain.ask_quantity,
                chain.spread, chain.order_book_imbalance,
                chain.oi - base.oi_3m,
                chain.oi - base.oi_5m,
                chain.oi - base.oi_10m,
                chain.oi - base.oi_15m,
                chain.oi - base.oi_30m,
                chain.theoretical_price, chain.delta, chain.gamma, chain.theta, chain.vega
            FROM pg_temp.staged_chain AS chain
            LEFT JOIN live_edge.baselines($1, $2) AS base USING (strike, option_type)
            WHERE true
            ON CONFLICT (exchange, strike, option_type) DO UPDATE SET
                "timestamp" = excluded."timestamp",
                symbol = excluded.symbol,
                expiry = excluded.expiry,
                oi = excluded.oi,
                ltp = excluded.ltp,
                token = excluded.token,
                underlying_price = excluded.underlying_price,
                moneyness = excluded.moneyness,
                time_to_expiry_seconds = excluded.time_to_expiry_seconds,
                pct_change_3m = excluded.pct_change_3m,
                pct_change_5m = excluded.pct_change_5m,
                pct_change_10m = excluded.pct_change_10m,
                pct_change_15m = excluded.pct_change_15m,
                pct_change_30m = excluded.pct_change_30m,
                iv = excluded.iv,
                volume = excluded.volume,
                best_bid = excluded.best_bid,
                best_ask = excluded.best_ask,
                bid_quantity = excluded.bid_quantity,
                ask_quantity = excluded.ask_quantity,
                spread = excluded.spread,
                order_book_imbalance = excluded.order_book_imbalance,
                oi_change_3m = excluded.oi_change_3m,
                oi_change_5m = excluded.oi_change_5m,
                oi_change_10m = excluded.oi_change_10m,
                oi_change_15m = excluded.oi_change_15m,
                oi_change_30m = excluded.oi_change_30m,
                theoretical_price = excluded.theoretical_price,
                delta = excluded.delta,
                gamma = excluded.gamma,
                theta = excluded.theta,
                vega = excluded.vega
            RETURNING xmax = 0 AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new) FROM written
    $query$
    INTO added
    USING of_exchange, at_instant;
    RETURN added;
END
$$;

-- History and live edge in one; false when a newer chain is shown already.
CREATE OR REPLACE FUNCTION live_edge.write_snapshot(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS boolean
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    -- rows this transaction wrote otherwise: settled from history when it commits
    is_pending CONSTANT boolean := EXISTS (
        SELECT FROM public.snapshot_touched
        WHERE transaction_id = live_edge.transaction_id()
          AND exchange = of_exchange
          AND "timestamp" = at_instant
    );
BEGIN
    PERFORM live_edge.lock(of_exchange);
    BEGIN
        PERFORM live_edge.insert_staged(of_exchange, at_instant);
    EXCEPTION
        WHEN unique_violation THEN
            PERFORM live_edge.upsert_staged(of_exchange, at_instant);
    END;
    IF NOT is_pending THEN
        DELETE FROM public.snapshot_touched
        WHERE transaction_id = live_edge.transaction_id()
          AND exchange = of_exchange
          AND "timestamp" = at_instant;
    END IF;
    PERFORM set_config('live_edge.settled', of_exchange || ' ' || at_instant, true);
    RETURN live_edge.settle_staged(of_exchange, at_instant, context);
END
$$;
