-- Exchanges whose newest chain could not be shown so far, for a number that arithmetic did not survive.
SELECT live_edge.refresh_newest(stored.exchange)
FROM (SELECT DISTINCT exchange FROM public.snapshots) AS stored
WHERE NOT EXISTS (SELECT FROM public.chain_summary AS shown WHERE shown.exchange = stored.exchange);
