-- The newest chain of an exchange, one row a contract.

-- When the OI of a contract changed last, as far as it was seen to: open interest is told again and
-- again between its changes. Unknown of a contract that is new here, until it changes.
CREATE OR REPLACE FUNCTION live_edge.oi_changed_at(
    expiry_before date, oi_before bigint, changed_at timestamp, shown_at timestamp,
    expiry date, oi bigint, at_instant timestamp
) RETURNS timestamp
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN at_instant < shown_at OR expiry IS DISTINCT FROM expiry_before THEN NULL
        WHEN oi = oi_before THEN changed_at
        WHEN oi <> oi_before THEN at_instant
    END;

-- Writes the chain of one instant of history into option_chain_latest; greeks and the forward's IV,
-- which history does not hold, stay where they were given for this very instant. Percentages that the
-- writer stored stand; those that it did not are of the baseline that the quantities are of. Contracts
-- whose row of that instant has gone from history leave. Returns how many are new; NULL, and nothing is
-- written, where history has no such chain.
-- Only the rows are EXECUTEd for; what is done with them keeps its plans, as for a staged chain. New
-- rows go in by the order of their key, in which they are read: so a page is looked up once.
CREATE OR REPLACE FUNCTION live_edge.chain_from_history(
    of_exchange text, at_instant timestamp
) RETURNS bigint
    LANGUAGE plpgsql SET enable_nestloop = off
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    stored public.option_chain_snapshots[];
    has_looked boolean;
    replaced bigint;
    added bigint := 0;
BEGIN
    EXECUTE $query$
        SELECT array_agg(chain)
        FROM public.option_chain_snapshots AS chain
        WHERE chain.exchange = $1 AND chain."timestamp" = $2
    $query$
    INTO stored
    USING of_exchange, at_instant;
    IF stored IS NULL THEN
        RETURN NULL;
    END IF;
    -- the rule: all are known, and all of another instant
    has_looked := cardinality(stored) > coalesce(
        (SELECT contracts FROM public.chain_summary WHERE exchange = of_exchange), 0
    );
    LOOP
        IF has_looked THEN
            -- those that are new, about as wide as they will be, so that they stay on their pages:
            -- the rest is written as for all others
            INSERT INTO public.option_chain_latest (
                exchange, strike, option_type, "timestamp", symbol, oi, ltp, token,
                underlying_price, moneyness, time_to_expiry_seconds, iv, volume, best_bid,
                best_ask, bid_quantity, ask_quantity, spread, order_book_imbalance
            )
            SELECT
                of_exchange, chain.strike, chain.option_type, at_instant, chain.symbol, chain.oi,
                chain.ltp, chain.token, chain.underlying_price, chain.moneyness,
                chain.time_to_expiry_seconds, chain.iv, chain.volume, chain.best_bid,
                chain.best_ask, chain.bid_quantity, chain.ask_quantity, chain.spread,
                chain.order_book_imbalance
            FROM unnest(stored) AS chain
            WHERE NOT EXISTS (
                SELECT
                FROM public.option_chain_latest AS kept
                WHERE kept.exchange = of_exchange
                  AND kept.strike = chain.strike
                  AND kept.option_type = chain.option_type
            )
            ORDER BY chain.strike, chain.option_type;
            GET DIAGNOSTICS added = ROW_COUNT;
            EXIT WHEN added = 0 AND replaced IS NOT NULL;
        END IF;
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
            oi_change_3m = chain.oi_change_3m,
            oi_change_5m = chain.oi_change_5m,
            oi_change_10m = chain.oi_change_10m,
            oi_change_15m = chain.oi_change_15m,
            oi_change_30m = chain.oi_change_30m,
            oi_at = live_edge.oi_changed_at(
                kept.expiry, kept.oi, kept.oi_at, kept."timestamp",
                chain.expiry, chain.oi, at_instant
            ),
            iv_forward = CASE WHEN kept."timestamp" = at_instant THEN kept.iv_forward END,
            theoretical_price = CASE
                WHEN kept."timestamp" = at_instant THEN kept.theoretical_price
            END,
            delta = CASE WHEN kept."timestamp" = at_instant THEN kept.delta END,
            gamma = CASE WHEN kept."timestamp" = at_instant THEN kept.gamma END,
            theta = CASE WHEN kept."timestamp" = at_instant THEN kept.theta END,
            vega = CASE WHEN kept."timestamp" = at_instant THEN kept.vega END
        FROM (
            SELECT
                chain.strike, chain.option_type,
                coalesce(
                    chain.expiry,
                    (chain."timestamp" + chain.time_to_expiry_seconds * INTERVAL '1 s')::date
                ) AS expiry,
                chain.symbol, chain.oi, chain.ltp, chain.token, chain.underlying_price,
                chain.moneyness, chain.time_to_expiry_seconds, chain.iv, chain.volume,
                chain.best_bid, chain.best_ask, chain.bid_quantity, chain.ask_quantity,
                chain.spread, chain.order_book_imbalance,
                coalesce(
                    chain.pct_change_3m, live_edge.percent_change(chain.oi, base.oi_3m)
                ) AS pct_change_3m,
                coalesce(
                    chain.pct_change_5m, live_edge.percent_change(chain.oi, base.oi_5m)
                ) AS pct_change_5m,
                coalesce(
                    chain.pct_change_10m, live_edge.percent_change(chain.oi, base.oi_10m)
                ) AS pct_change_10m,
                coalesce(
                    chain.pct_change_15m, live_edge.percent_change(chain.oi, base.oi_15m)
                ) AS pct_change_15m,
                coalesce(
                    chain.pct_change_30m, live_edge.percent_change(chain.oi, base.oi_30m)
                ) AS pct_change_30m,
                chain.oi - base.oi_3m AS oi_change_3m,
                chain.oi - base.oi_5m AS oi_change_5m,
                chain.oi - base.oi_10m AS oi_change_10m,
                chain.oi - base.oi_15m AS oi_change_15m,
                chain.oi - base.oi_30m AS oi_change_30m
            FROM unnest(stored) AS chain
            LEFT JOIN live_edge.baselines(of_exchange, at_instant) AS base USING (strike, option_type)
        ) AS chain
        WHERE kept.exchange = of_exchange
          AND kept.strike = chain.strike
          AND kept.option_type = chain.option_type
          AND (
              kept."timestamp", kept.symbol, kept.expiry, kept.oi, kept.ltp, kept.token,
              kept.underlying_price, kept.moneyness, kept.time_to_expiry_seconds,
              kept.pct_change_3m, kept.pct_change_5m, kept.pct_change_10m, kept.pct_change_15m,
              kept.pct_change_30m, kept.iv, kept.volume, kept.best_bid, kept.best_ask,
              kept.bid_quantity, kept.ask_quantity, kept.spread, kept.order_book_imbalance,
              kept.oi_change_3m, kept.oi_change_5m, kept.oi_change_10m, kept.oi_change_15m,
              kept.oi_change_30m
          ) IS DISTINCT FROM (
              at_instant, chain.symbol, chain.expiry, chain.oi, chain.ltp, chain.token,
              chain.underlying_price, chain.moneyness, chain.time_to_expiry_seconds,
              chain.pct_change_3m, chain.pct_change_5m, chain.pct_change_10m, chain.pct_change_15m,
              chain.pct_change_30m, chain.iv, chain.volume, chain.best_bid, chain.best_ask,
              chain.bid_quantity, chain.ask_quantity, chain.spread, chain.order_book_imbalance,
              chain.oi_change_3m, chain.oi_change_5m, chain.oi_change_10m, chain.oi_change_15m,
              chain.oi_change_30m
          );
        GET DIAGNOSTICS replaced = ROW_COUNT;
        EXIT WHEN has_looked OR replaced = cardinality(stored);
        has_looked := true;
    END LOOP;
    IF cardinality(stored) < (
        SELECT count(*)
        FROM public.option_chain_latest
        WHERE exchange = of_exchange AND "timestamp" = at_instant
    ) THEN
        DELETE FROM public.option_chain_latest AS kept
        WHERE kept.exchange = of_exchange
          AND NOT EXISTS (
              SELECT
              FROM unnest(stored) AS chain
              WHERE chain.strike = kept.strike AND chain.option_type = kept.option_type
          );
    END IF;
    RETURN added;
END
$$;

-- The same from what a writer of this session has put into its temporary table `staged_chain`. The
-- contracts are nearly always known: an UPDATE by one join costs half of as many ON CONFLICTs. Plans
-- are kept; one made while the newest chain was empty must not loop over all of it for each row.
CREATE OR REPLACE FUNCTION live_edge.chain_from_stage(
    of_exchange text, at_instant timestamp
) RETURNS bigint
    LANGUAGE plpgsql SET enable_nestloop = off
    SET search_path = pg_catalog, pg_temp
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
        oi_change_3m = chain.oi_change_3m,
        oi_change_5m = chain.oi_change_5m,
        oi_change_10m = chain.oi_change_10m,
        oi_change_15m = chain.oi_change_15m,
        oi_change_30m = chain.oi_change_30m,
        oi_at = live_edge.oi_changed_at(
            kept.expiry, kept.oi, kept.oi_at, kept."timestamp",
            chain.expiry, chain.oi, at_instant
        ),
        iv_forward = chain.iv_forward,
        theoretical_price = chain.theoretical_price,
        delta = chain.delta,
        gamma = chain.gamma,
        theta = chain.theta,
        vega = chain.vega
    FROM pg_temp.staged_chain AS chain
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
        oi_change_10m, oi_change_15m, oi_change_30m, iv_forward, theoretical_price, delta, gamma,
        theta, vega
    )
    SELECT
        of_exchange, chain.strike, chain.option_type, at_instant, chain.symbol, chain.expiry,
        chain.oi, chain.ltp, chain.token, chain.underlying_price, chain.moneyness,
        chain.time_to_expiry_seconds, chain.pct_change_3m, chain.pct_change_5m,
        chain.pct_change_10m, chain.pct_change_15m, chain.pct_change_30m, chain.iv, chain.volume,
        chain.best_bid, chain.best_ask, chain.bid_quantity, chain.ask_quantity, chain.spread,
        chain.order_book_imbalance, chain.oi_change_3m, chain.oi_change_5m,
        chain.oi_change_10m, chain.oi_change_15m, chain.oi_change_30m,
        chain.iv_forward, chain.theoretical_price, chain.delta, chain.gamma, chain.theta, chain.vega
    FROM pg_temp.staged_chain AS chain
    WHERE NOT EXISTS (
        SELECT
        FROM public.option_chain_latest AS kept
        WHERE kept.exchange = of_exchange
          AND kept.strike = chain.strike
          AND kept.option_type = chain.option_type
    )
    ORDER BY chain.strike, chain.option_type;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;

-- OI at the day's open and at the previous close change once a day, or when history is corrected.
CREATE OR REPLACE FUNCTION live_edge.refresh_day_baselines(
    of_exchange text, at_instant timestamp, is_forced boolean
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bounds record;
BEGIN
    IF NOT is_forced AND EXISTS (
        SELECT FROM public.chain_summary
        WHERE exchange = of_exchange
          AND day_open_at < at_instant
          AND day_open_at::date = at_instant::date
    ) THEN
        RETURN;
    END IF;
    bounds := live_edge.day_bounds(of_exchange, at_instant);
    UPDATE public.option_chain_latest AS kept
    SET day_open_oi = known.day_open_oi, prev_close_oi = known.prev_close_oi
    FROM (
        SELECT
            latest.strike, latest.option_type,
            day_open.oi AS day_open_oi, prev_close.oi AS prev_close_oi
        FROM public.option_chain_latest AS latest
        LEFT JOIN live_edge.oi_at(of_exchange, bounds.day_open_at) AS day_open
            ON day_open.strike = latest.strike
            AND day_open.option_type = latest.option_type
            AND coalesce(day_open.expiry = latest.expiry, true)
        LEFT JOIN live_edge.oi_at(of_exchange, bounds.prev_close_at) AS prev_close
            ON prev_close.strike = latest.strike
            AND prev_close.option_type = latest.option_type
            AND coalesce(prev_close.expiry = latest.expiry, true)
        WHERE latest.exchange = of_exchange
    ) AS known
    WHERE kept.exchange = of_exchange
      AND kept.strike = known.strike
      AND kept.option_type = known.option_type
      AND (kept.day_open_oi, kept.prev_close_oi)
          IS DISTINCT FROM (known.day_open_oi, known.prev_close_oi);
    INSERT INTO public.chain_summary (exchange, "timestamp", day_open_at, prev_close_at)
    VALUES (of_exchange, at_instant, bounds.day_open_at, bounds.prev_close_at)
    ON CONFLICT (exchange) DO UPDATE SET
        day_open_at = excluded.day_open_at,
        prev_close_at = excluded.prev_close_at;
END
$$;

-- After the contracts were written: sums up, and drops those that are no longer listed. Every row
-- of another instant is one that the summary counted before and the writing did not replace. With
-- `is_stored` the totals are put into `snapshots` too.
CREATE OR REPLACE FUNCTION live_edge.finish_chain(
    of_exchange text, at_instant timestamp, context jsonb, added bigint, is_stored boolean,
    is_forced boolean
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    known bigint;
    expiry_before date;
    is_another boolean;
BEGIN
    SELECT contracts, expiry
    INTO known, expiry_before
    FROM public.chain_summary
    WHERE exchange = of_exchange;
    IF live_edge.summarize(of_exchange, at_instant, context) <> coalesce(known, 0) + added THEN
        DELETE FROM public.option_chain_latest
        WHERE exchange = of_exchange AND "timestamp" <> at_instant;
    END IF;
    IF is_stored THEN
        PERFORM live_edge.record_shown(of_exchange);
    END IF;
    SELECT expiry IS DISTINCT FROM expiry_before
    INTO is_another
    FROM public.chain_summary
    WHERE exchange = of_exchange;
    PERFORM live_edge.refresh_day_baselines(
        of_exchange, at_instant, is_forced OR is_another OR added > 0
    );
END
$$;

-- OI changes of the newest chain against a history that was corrected behind it. Those that its
-- writer gave stand: it remembers more than history may hold yet.
CREATE OR REPLACE FUNCTION live_edge.refresh_changes(of_exchange text, at_instant timestamp) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    are_given boolean;
BEGIN
    SELECT has_changes INTO are_given FROM public.chain_summary WHERE exchange = of_exchange;
    IF are_given IS NULL THEN
        PERFORM live_edge.chain_from_history(of_exchange, at_instant);
    ELSIF NOT are_given THEN
        PERFORM live_edge.compare_latest(of_exchange, at_instant);
    END IF;
    PERFORM live_edge.refresh_day_baselines(of_exchange, at_instant, true);
    PERFORM live_edge.announce(of_exchange);
END
$$;

-- Quantities and percentages of the newest chain, each pair of one baseline.
CREATE OR REPLACE FUNCTION live_edge.compare_latest(of_exchange text, at_instant timestamp) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    UPDATE public.option_chain_latest AS kept
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
        FROM public.option_chain_latest AS latest
        LEFT JOIN live_edge.baselines(of_exchange, at_instant) USING (strike, option_type)
        WHERE latest.exchange = of_exchange
    ) AS known
    WHERE kept.exchange = of_exchange
      AND kept.strike = known.strike
      AND kept.option_type = known.option_type
      AND (
          kept.oi_change_3m, kept.oi_change_5m, kept.oi_change_10m, kept.oi_change_15m,
          kept.oi_change_30m
      ) IS DISTINCT FROM (
          kept.oi - known.oi_3m, kept.oi - known.oi_5m, kept.oi - known.oi_10m,
          kept.oi - known.oi_15m, kept.oi - known.oi_30m
      );
END
$$;
