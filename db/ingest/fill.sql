Statements of the first fill; instants are naive market time.

-- name: extents
WITH RECURSIVE exchanges AS (
    SELECT min(exchange) AS exchange FROM option_chain_snapshots
    UNION ALL
    SELECT (SELECT min(exchange) FROM option_chain_snapshots WHERE exchange > known.exchange)
    FROM exchanges AS known
    WHERE known.exchange IS NOT NULL
)
SELECT
    known.exchange AS exchange,
    (SELECT min("timestamp") FROM option_chain_snapshots WHERE exchange = known.exchange) AS first,
    (SELECT max("timestamp") FROM option_chain_snapshots WHERE exchange = known.exchange) AS last
FROM exchanges AS known
WHERE known.exchange IS NOT NULL;

-- name: window
SELECT live_edge.fill_window({exchange}, {first}, {last});

-- name: newest
SELECT live_edge.refresh_newest({exchange});
