Contracts as listed, kept by stretches of days with the same facts.

-- name: open_stage
CREATE TEMPORARY TABLE staged_instruments (LIKE instruments) ON COMMIT DROP;

-- name: fill_stage
COPY pg_temp.staged_instruments (
    exchange, symbol, first_day, last_day, token, underlying, kind, expiry, strike, lot_size,
    tick_size
) FROM STDIN;

-- name: prolong
UPDATE instruments AS known
SET last_day = day.last_day
FROM pg_temp.staged_instruments AS day
WHERE known.exchange = day.exchange
  AND known.symbol = day.symbol
  AND known.first_day = (
      SELECT max(newest.first_day)
      FROM instruments AS newest
      WHERE newest.exchange = day.exchange
        AND newest.symbol = day.symbol
  )
  AND known.last_day < day.last_day
  AND (known.token, known.expiry, known.strike, known.lot_size, known.tick_size)
      IS NOT DISTINCT FROM (day.token, day.expiry, day.strike, day.lot_size, day.tick_size);

-- name: add
INSERT INTO instruments (
    exchange, symbol, first_day, last_day, token, underlying, kind, expiry, strike, lot_size,
    tick_size
)
SELECT
    day.exchange, day.symbol, day.first_day, day.last_day, day.token, day.underlying, day.kind,
    day.expiry, day.strike, day.lot_size, day.tick_size
FROM pg_temp.staged_instruments AS day
WHERE NOT EXISTS (
    SELECT
    FROM instruments AS known
    WHERE known.exchange = day.exchange
      AND known.symbol = day.symbol
      AND known.last_day >= day.last_day
)
ON CONFLICT DO NOTHING;
