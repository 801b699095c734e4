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
-- A number that arithmetic does not survive keeps a chain from being shown, and nobody from upgrading.
DO {body};

-- name: newest_body

BEGIN
    PERFORM live_edge.refresh_newest({exchange});
EXCEPTION
    WHEN numeric_value_out_of_range OR datetime_field_overflow THEN
        RAISE WARNING 'The newest chain is not shown: %', sqlerrm;
END

