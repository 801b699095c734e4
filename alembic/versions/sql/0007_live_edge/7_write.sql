-- What a writer calls that has put one exchange's chain into its temporary table `staged_chain`.

-- The live edge alone, between two snapshots; false when something newer is shown already.
CREATE FUNCTION live_edge.write_edge(of_exchange text, at_instant timestamp) RETURNS boolean
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    added bigint;
BEGIN
    PERFORM live_edge.lock(of_exchange);
    IF EXISTS (
        SELECT FROM public.chain_summary
        WHERE exchange = of_exchange AND "timestamp" > at_instant
    ) THEN
        RETURN false;
    END IF;
    added := live_edge.chain_from_stage(of_exchange, at_instant);
    PERFORM live_edge.finish_chain(of_exchange, at_instant, added, false);
    RETURN true;
END
$$;

-- History and live edge in one; false when a newer chain is shown already.
CREATE FUNCTION live_edge.write_snapshot(of_exchange text, at_instant timestamp) RETURNS boolean
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    INSERT INTO public.option_chain_snapshots (
        "timestamp", exchange, strike, option_type, symbol, oi, ltp, token, underlying_price,
        moneyness, time_to_expiry_seconds, pct_change_3m, pct_change_5m, pct_change_10m,
        pct_change_15m, pct_change_30m, iv, volume, best_bid, best_ask, bid_quantity,
        ask_quantity, spread, order_book_imbalance, expiry
    )
    SELECT
        at_instant, of_exchange, strike, option_type, symbol, oi, ltp, token, underlying_price,
        moneyness, time_to_expiry_seconds, pct_change_3m, pct_change_5m, pct_change_10m,
        pct_change_15m, pct_change_30m, iv, volume, best_bid, best_ask, bid_quantity,
        ask_quantity, spread, order_book_imbalance, expiry
    FROM pg_temp.staged_chain
    ON CONFLICT (exchange, "timestamp", strike, option_type) DO UPDATE SET
        symbol = excluded.symbol,
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
        expiry = excluded.expiry,
        updated_at = now();
    RETURN live_edge.settle_staged(of_exchange, at_instant);
END
$$;

-- What this transaction has just stored is settled here, with the greeks that only the stage
-- holds, instead of when it commits.
CREATE FUNCTION live_edge.settle_staged(of_exchange text, at_instant timestamp) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    shown timestamp;
    added bigint;
BEGIN
    PERFORM live_edge.lock(of_exchange);
    DELETE FROM public.snapshot_touched
    WHERE transaction_id = live_edge.transaction_id()
      AND exchange = of_exchange
      AND "timestamp" = at_instant;
    PERFORM live_edge.refresh_day(of_exchange, ARRAY[at_instant]);
    SELECT "timestamp" INTO shown FROM public.chain_summary WHERE exchange = of_exchange;
    IF shown > at_instant THEN
        PERFORM live_edge.follow_correction(of_exchange, ARRAY[at_instant]);
        RETURN false;
    END IF;
    added := live_edge.chain_from_stage(of_exchange, at_instant);
    PERFORM live_edge.refresh_context(of_exchange, at_instant);
    PERFORM live_edge.finish_chain(of_exchange, at_instant, added, false);
    RETURN true;
END
$$;
