-- What a writer calls that puts one exchange's chain into its temporary table `staged_chain`.

-- Makes that table, or empties it for the next chain of the same transaction. Its texts stay in their
-- rows, which can be said from PostgreSQL 16 on: emptying it at each commit took a tenth of a writer's
-- work, half of that for the table beside it that would hold long values, and for its index.
CREATE OR REPLACE FUNCTION live_edge.open_stage() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF to_regclass('pg_temp.staged_chain') IS NULL THEN
        EXECUTE format(
            $create$
            CREATE TEMPORARY TABLE staged_chain (
                strike double precision NOT NULL,
                option_type text %1$s NOT NULL,
                symbol text %1$s NOT NULL,
                token bigint NOT NULL,
                expiry date,
                time_to_expiry_seconds integer,
                moneyness text %1$s,
                underlying_price double precision,
                oi bigint,
                ltp double precision,
                volume bigint,
                pct_change_3m double precision,
                pct_change_5m double precision,
                pct_change_10m double precision,
                pct_change_15m double precision,
                pct_change_30m double precision,
                oi_change_3m bigint,
                oi_change_5m bigint,
                oi_change_10m bigint,
                oi_change_15m bigint,
                oi_change_30m bigint,
                iv double precision,
                best_bid double precision,
                best_ask double precision,
                bid_quantity double precision,
                ask_quantity double precision,
                spread double precision,
                order_book_imbalance double precision,
                delta double precision,
                gamma double precision,
                theta double precision,
                vega double precision,
                theoretical_price double precision,
                iv_forward double precision
            ) ON COMMIT DELETE ROWS
            $create$,
            CASE
                WHEN current_setting('server_version_num')::integer >= 160000 THEN 'STORAGE PLAIN'
                ELSE ''
            END
        );
    ELSE
        DELETE FROM pg_temp.staged_chain;
    END IF;
END
$$;

-- Changes of OI, in percent and units, where the writer does not say that it gives them: each pair
-- of one baseline.
CREATE OR REPLACE FUNCTION live_edge.complete_staged(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS void
    LANGUAGE plpgsql SET enable_nestloop = off
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF (context ->> 'has_changes')::boolean THEN
        RETURN;
    END IF;
    UPDATE pg_temp.staged_chain AS kept
    SET
        oi_change_3m = kept.oi - known.oi_3m,
        oi_change_5m = kept.oi - known.oi_5m,
        oi_change_10m = kept.oi - known.oi_10m,
        oi_change_15m = kept.oi - known.oi_15m,
        oi_change_30m = kept.oi - known.oi_30m,
        pct_change_3m = live_edge.percent_change(kept.oi, known.oi_3m),
        pct_change_5m = live_edge.percent_change(kept.oi, known.oi_5m),
        pct_change_10m = live_edge.percent_change(kept.oi, known.oi_10m),
        pct_change_15m = live_edge.percent_change(kept.oi, known.oi_15m),
        pct_change_30m = live_edge.percent_change(kept.oi, known.oi_30m)
    FROM (
        SELECT strike, option_type, oi_3m, oi_5m, oi_10m, oi_15m, oi_30m
        FROM pg_temp.staged_chain
        LEFT JOIN live_edge.baselines(of_exchange, at_instant) USING (strike, option_type)
    ) AS known
    WHERE kept.strike = known.strike
      AND kept.option_type = known.option_type;
END
$$;

-- Time of the index, future, VIX, lot and features as the writer gives them: `context` has columns
-- of chain_summary. Those it does not name stay as they are.
CREATE OR REPLACE FUNCTION live_edge.set_context(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    given public.chain_summary;
BEGIN
    SELECT * INTO given FROM public.chain_summary WHERE exchange = of_exchange;
    given := jsonb_populate_record(given, context);
    INSERT INTO public.chain_summary (
        exchange, "timestamp", context_at, underlying_at, future_price, future_oi, future_symbol,
        vix, lot_size, itm_oi_ce_pct_change, itm_oi_pe_pct_change, percent_oichange_fut_3m,
        atm_shift_intensity, itm_ce_breadth, itm_pe_breadth
    )
    VALUES (
        of_exchange, at_instant, at_instant, given.underlying_at, given.future_price,
        given.future_oi, given.future_symbol, given.vix, given.lot_size,
        given.itm_oi_ce_pct_change, given.itm_oi_pe_pct_change, given.percent_oichange_fut_3m,
        given.atm_shift_intensity, given.itm_ce_breadth, given.itm_pe_breadth
    )
    ON CONFLICT (exchange) DO UPDATE SET
        context_at = excluded.context_at,
        underlying_at = excluded.underlying_at,
        lot_size = excluded.lot_size,
        future_price = excluded.future_price,
        future_oi = excluded.future_oi,
        future_symbol = excluded.future_symbol,
        vix = excluded.vix,
        itm_oi_ce_pct_change = excluded.itm_oi_ce_pct_change,
        itm_oi_pe_pct_change = excluded.itm_oi_pe_pct_change,
        percent_oichange_fut_3m = excluded.percent_oichange_fut_3m,
        atm_shift_intensity = excluded.atm_shift_intensity,
        itm_ce_breadth = excluded.itm_ce_breadth,
        itm_pe_breadth = excluded.itm_pe_breadth;
END
$$;

-- The live edge alone, between two snapshots; false when something newer is shown already, or when
-- the instant is beyond the horizon.
CREATE OR REPLACE FUNCTION live_edge.write_edge(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS boolean
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    added bigint;
BEGIN
    PERFORM live_edge.lock(of_exchange);
    IF NOT live_edge.may_show(of_exchange, at_instant) THEN
        RETURN false;
    END IF;
    PERFORM live_edge.complete_staged(of_exchange, at_instant, context);
    added := live_edge.chain_from_stage(of_exchange, at_instant);
    PERFORM live_edge.set_context(of_exchange, at_instant, context);
    PERFORM live_edge.finish_chain(of_exchange, at_instant, context, added, false, false);
    RETURN true;
END
$$;

-- Whether a chain of this instant may take the place of the one that is shown.
CREATE OR REPLACE FUNCTION live_edge.may_show(of_exchange text, at_instant timestamp) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    horizon CONSTANT timestamp := live_edge.horizon();
BEGIN
    RETURN at_instant <= horizon AND NOT EXISTS (
        SELECT FROM public.chain_summary
        WHERE exchange = of_exchange
          AND NOT live_edge.supersedes(at_instant, "timestamp", horizon)
    );
END
$$;

-- History and live edge in one; false when a newer chain is shown already, or when the instant is
-- beyond the horizon.
CREATE OR REPLACE FUNCTION live_edge.write_snapshot(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS boolean
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM live_edge.lock(of_exchange);
    PERFORM live_edge.complete_staged(of_exchange, at_instant, context);
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

-- A snapshot is almost always new, and then costs a third less than with ON CONFLICT.
CREATE OR REPLACE FUNCTION live_edge.insert_staged(of_exchange text, at_instant timestamp) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
    FROM pg_temp.staged_chain;
END
$$;

CREATE OR REPLACE FUNCTION live_edge.upsert_staged(of_exchange text, at_instant timestamp) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
END
$$;

-- What this transaction has just stored is settled here, with the greeks that only the stage
-- holds, instead of when it commits.
CREATE OR REPLACE FUNCTION live_edge.settle_staged(
    of_exchange text, at_instant timestamp, context jsonb
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    added bigint;
BEGIN
    IF NOT live_edge.may_show(of_exchange, at_instant) THEN
        PERFORM live_edge.refresh_day(of_exchange, ARRAY[at_instant]);
        PERFORM live_edge.follow_correction(of_exchange, ARRAY[at_instant]);
        RETURN false;
    END IF;
    added := live_edge.chain_from_stage(of_exchange, at_instant);
    PERFORM live_edge.set_context(of_exchange, at_instant, context);
    PERFORM live_edge.finish_chain(of_exchange, at_instant, context, added, true, false);
    RETURN true;
END
$$;

-- The row of `snapshots` for the chain that is shown: its totals are those just summed up.
CREATE OR REPLACE FUNCTION live_edge.record_shown(of_exchange text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    INSERT INTO public.snapshots (
        "timestamp", exchange, contracts, underlying_price, future_price,
        oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
    )
    SELECT
        "timestamp", exchange, contracts, underlying_price, future_price,
        oi_ce, oi_pe, volume_ce, volume_pe, atm_strike, straddle
    FROM public.chain_summary
    WHERE exchange = of_exchange
    ON CONFLICT (exchange, "timestamp") DO UPDATE SET
        contracts = excluded.contracts,
        underlying_price = excluded.underlying_price,
        future_price = excluded.future_price,
        oi_ce = excluded.oi_ce,
        oi_pe = excluded.oi_pe,
        volume_ce = excluded.volume_ce,
        volume_pe = excluded.volume_pe,
        atm_strike = excluded.atm_strike,
        straddle = excluded.straddle;
END
$$;
