-- What was stored with an index that is none had the lowest strike at the money.
UPDATE public.snapshots
SET underlying_price = NULL, atm_strike = NULL, straddle = NULL
WHERE underlying_price IS DISTINCT FROM live_edge.known_price(underlying_price);

-- Exchanges whose newest chain could not be shown so far, for a number that arithmetic did not survive, or
-- was shown so.
SELECT live_edge.refresh_newest(stored.exchange)
FROM (SELECT DISTINCT exchange FROM public.snapshots) AS stored
WHERE NOT EXISTS (
    SELECT
    FROM public.chain_summary AS shown
    WHERE shown.exchange = stored.exchange
      AND shown.underlying_price IS NOT DISTINCT FROM live_edge.known_price(shown.underlying_price)
);
