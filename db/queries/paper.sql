What users hold and did on paper.

-- name: open_positions
SELECT
    held.id AS id,
    held.symbol AS symbol,
    held.expiry AS expiry,
    held.exchange AS exchange,
    held.strike AS strike,
    held.option_type AS option_type,
    held.lot_size AS lot_size,
    held.units AS units,
    held.average_price AS average_price,
    held.realised AS realised,
    held.opened AS opened
FROM paper_positions AS held
WHERE held.owner = %(owner)s
  AND held.units <> 0
ORDER BY held.expiry, held.strike, held.option_type, held.id;

-- name: position
SELECT
    held.id AS id,
    held.symbol AS symbol,
    held.expiry AS expiry,
    held.exchange AS exchange,
    held.strike AS strike,
    held.option_type AS option_type,
    held.lot_size AS lot_size,
    held.units AS units,
    held.average_price AS average_price,
    held.realised AS realised,
    held.opened AS opened
FROM paper_positions AS held
WHERE held.owner = %(owner)s
  AND held.symbol = %(symbol)s
  AND held.expiry = %(expiry)s;

-- name: last_bought
SELECT fill."timestamp" AS "timestamp"
FROM paper_fills AS fill
JOIN paper_positions AS held ON held.id = fill.position_id
WHERE fill.owner = %(owner)s
  AND held.exchange = %(exchange)s
  AND fill.units > 0
ORDER BY fill."timestamp" DESC
LIMIT 1;

-- name: realised
SELECT COALESCE(sum(held.realised), 0)::double precision AS realised
FROM paper_positions AS held
WHERE held.owner = %(owner)s
  AND held.exchange = %(exchange)s;

-- name: days
SELECT
    fill."timestamp"::date AS day,
    sum(fill.realised)::double precision AS realised,
    sum(-fill.units * fill.price)::double precision AS cash,
    count(*)::integer AS fills
FROM paper_fills AS fill
WHERE fill.owner = %(owner)s
GROUP BY fill."timestamp"::date
ORDER BY day;

-- name: turnover
SELECT
    fill."timestamp"::date AS day,
    held.exchange AS exchange,
    (count(*) FILTER (WHERE placed.kind <> 'settlement'))::integer AS orders,
    COALESCE(sum(fill.units * fill.price) FILTER (
        WHERE placed.kind <> 'settlement' AND fill.units > 0
    ), 0)::double precision AS bought,
    COALESCE(sum(-fill.units * fill.price) FILTER (
        WHERE placed.kind <> 'settlement' AND fill.units < 0
    ), 0)::double precision AS sold,
    COALESCE(sum(-fill.units * fill.price) FILTER (
        WHERE placed.kind = 'settlement' AND fill.units < 0
    ), 0)::double precision AS exercised
FROM paper_fills AS fill
JOIN paper_orders AS placed ON placed.id = fill.order_id
JOIN paper_positions AS held ON held.id = fill.position_id
WHERE fill.owner = %(owner)s
GROUP BY fill."timestamp"::date, held.exchange
ORDER BY day, exchange;

-- name: held
SELECT
    position.id AS position_id,
    position.exchange AS exchange,
    position.symbol AS symbol,
    position.expiry AS expiry,
    fill."timestamp"::date AS day,
    (sum(sum(fill.units)) OVER (
        PARTITION BY position.id
        ORDER BY fill."timestamp"::date
    ))::bigint AS units
FROM paper_fills AS fill
JOIN paper_positions AS position ON position.id = fill.position_id
WHERE fill.owner = %(owner)s
GROUP BY position.id, fill."timestamp"::date
ORDER BY fill."timestamp"::date, position.id;

-- name: closes
SELECT
    chain.symbol AS symbol,
    chain.best_bid AS best_bid,
    chain.best_ask AS best_ask,
    chain.ltp AS ltp
FROM option_chain_snapshots_history AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = %(at)s
  AND chain.symbol = ANY(%(symbols)s);

-- name: order_by_key
SELECT
    placed.id AS id,
    placed.key AS key,
    placed.kind AS kind,
    placed.asked AS asked,
    placed.status AS status,
    placed.ends AS ends,
    placed.placed_at AS placed_at
FROM paper_orders AS placed
WHERE placed.owner = %(owner)s
  AND placed.key = %(key)s;

-- name: recent_orders
SELECT
    placed.id AS id,
    placed.key AS key,
    placed.kind AS kind,
    placed.asked AS asked,
    placed.status AS status,
    placed.ends AS ends,
    placed.placed_at AS placed_at
FROM paper_orders AS placed
WHERE placed.owner = %(owner)s
ORDER BY placed.placed_at DESC, placed.id DESC
LIMIT %(most)s;

-- name: resting_of
SELECT
    placed.id AS id,
    placed.key AS key,
    placed.kind AS kind,
    placed.asked AS asked,
    placed.status AS status,
    placed.ends AS ends,
    placed.placed_at AS placed_at
FROM paper_orders AS placed
WHERE placed.owner = %(owner)s
  AND placed.status = 'resting'
ORDER BY placed.id;

-- name: resting
SELECT
    placed.id AS id,
    placed.owner AS owner,
    placed.asked AS asked,
    placed.ends AS ends
FROM paper_orders AS placed
WHERE placed.status = 'resting'
ORDER BY placed.id;

-- name: orders_of_a_day
SELECT count(*)::integer AS orders
FROM paper_orders AS placed
WHERE placed.owner = %(owner)s
  AND placed.placed_at > clock_timestamp() - INTERVAL '1 day';

-- name: fills
SELECT
    fill.id AS id,
    fill.order_id AS order_id,
    fill.position_id AS position_id,
    held.exchange AS exchange,
    held.symbol AS symbol,
    held.lot_size AS lot_size,
    fill."timestamp" AS "timestamp",
    fill.units AS units,
    fill.price AS price,
    fill.realised AS realised,
    fill.reason AS reason
FROM paper_fills AS fill
JOIN paper_positions AS held ON held.id = fill.position_id
WHERE fill.order_id = ANY(%(orders)s)
ORDER BY fill.id;

-- name: listed_lot
SELECT contract.lot_size AS lot_size
FROM instruments AS contract
WHERE contract.exchange = %(segment)s
  AND contract.symbol = %(symbol)s
  AND contract.expiry = %(expiry)s
ORDER BY contract.first_day DESC
LIMIT 1;

-- name: last_index
SELECT
    taken."timestamp" AS "timestamp",
    taken.underlying_price AS price
FROM snapshots AS taken
WHERE taken.exchange = %(exchange)s
  AND taken."timestamp" >= %(since)s
  AND taken."timestamp" <= %(until)s
  AND taken.underlying_price IS NOT NULL
ORDER BY taken."timestamp" DESC
LIMIT 1;
