What users trade on paper.

-- name: lock
-- One order of a user at a time, whichever worker or tab it comes from.
SELECT pg_advisory_xact_lock(hashtextextended('paper:' || :owner, 0));

-- name: add_order
INSERT INTO paper_orders (owner, key, kind, asked, status, ends)
VALUES (:owner, :key, :kind, :asked, :status, :ends)
RETURNING id;

-- name: end_resting
-- Nothing where it rests no more: whoever was first has ended it.
UPDATE paper_orders AS placed
SET status = :status
WHERE placed.id = :order_id
  AND placed.owner = :owner
  AND placed.status = 'resting'
RETURNING placed.key;

-- name: keep_position
INSERT INTO paper_positions AS held (
    owner, symbol, expiry, exchange, strike, option_type, lot_size, units, average_price,
    realised, opened
)
VALUES (
    :owner, :symbol, :expiry, :exchange, :strike, :option_type, :lot_size, :units,
    :average_price, :realised, :opened
)
ON CONFLICT (owner, symbol, expiry) DO UPDATE SET
    exchange = excluded.exchange,
    lot_size = excluded.lot_size,
    units = excluded.units,
    average_price = excluded.average_price,
    realised = excluded.realised,
    opened = CASE
        WHEN sign(held.units) = sign(excluded.units) THEN held.opened
        ELSE excluded.opened
    END
RETURNING held.id;

-- name: add_fill
INSERT INTO paper_fills (
    order_id, position_id, owner, "timestamp", units, price, realised, reason
)
VALUES (:order_id, :position_id, :owner, :timestamp, :units, :price, :realised, :reason);

-- name: note_metric
-- The table in which programs of the old system look for what was traded.
INSERT INTO paper_trading_metrics (
    "timestamp", exchange, executed, reason, signal, confidence, quantity_lots, pnl,
    constraint_violation
)
VALUES (
    :timestamp, :exchange, true, :reason, :signal, :confidence, :quantity_lots, :pnl, false
);
