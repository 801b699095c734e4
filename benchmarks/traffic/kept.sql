-- Counts of the chain's rows, wherever they are, a range of time each.

-- name: rows
-- Rows, keys among them, and rows that the traffic did not write; before there is an archive.
SELECT
    coalesce(sum(found.rows), 0)::BIGINT AS rows,
    count(*) AS keys,
    coalesce(sum(found.rows) FILTER (WHERE found.exchange <> %(traffic)s), 0)::BIGINT AS loaded
FROM (
    SELECT
        exchange,
        count(*) AS rows
    FROM option_chain_snapshots
    WHERE timestamp >= %(start)s
        AND timestamp < %(end)s
    GROUP BY exchange, timestamp, strike, option_type
) AS found;

-- name: history_rows
-- The same of the table and its archive.
SELECT
    coalesce(sum(found.rows), 0)::BIGINT AS rows,
    count(*) AS keys,
    coalesce(sum(found.rows) FILTER (WHERE found.exchange <> %(traffic)s), 0)::BIGINT AS loaded
FROM (
    SELECT
        exchange,
        count(*) AS rows
    FROM option_chain_snapshots_history
    WHERE timestamp >= %(start)s
        AND timestamp < %(end)s
    GROUP BY exchange, timestamp, strike, option_type
) AS found;

-- name: written
-- What is stored of the rows the traffic wrote.
SELECT
    token,
    oi
FROM option_chain_snapshots
WHERE exchange = %(traffic)s
    AND timestamp >= %(start)s;

-- name: history_view
-- Whether there is an archive beside the table.
SELECT to_regclass('option_chain_snapshots_history') IS NOT NULL AS exists;
