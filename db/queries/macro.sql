Rates, crude and volatility, as the legacy tables hold them.

-- name: last_reading
SELECT
    signal.usdinr AS usdinr,
    signal.crude_price AS crude_price
FROM macro_signals AS signal
WHERE signal.exchange = %(exchange)s
  AND signal."timestamp" >= %(start)s
  AND signal."timestamp" < %(end)s
ORDER BY signal."timestamp" DESC
LIMIT 1;

-- name: vix_closes
SELECT DISTINCT ON (structure."timestamp"::date)
    structure.current_vix AS close
FROM vix_term_structure AS structure
WHERE structure.exchange = %(exchange)s
  AND structure."timestamp" >= %(start)s
  AND structure."timestamp" < %(end)s
  AND structure.current_vix IS NOT NULL
ORDER BY
    structure."timestamp"::date,
    structure."timestamp" DESC;

-- name: index_closes
SELECT day.underlying_close AS close
FROM oi_1d AS day
WHERE day.exchange = %(exchange)s
  AND day.bucket >= %(start)s
  AND day.bucket < %(end)s
  AND day.underlying_close IS NOT NULL
ORDER BY day.bucket;
