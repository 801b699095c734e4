What models say, and what came of it.

-- name: predict
INSERT INTO predictions (
    "timestamp", exchange, model_id, signal, confidence, p_sell, p_hold, p_buy, rationale,
    horizon_s, width, cost_bps, latency_ms
)
VALUES (
    :timestamp, :exchange, :model_id, :signal, :confidence, :p_sell, :p_hold, :p_buy, :rationale,
    :horizon_s, :width, :cost_bps, :latency_ms
)
ON CONFLICT (exchange, "timestamp") DO NOTHING;

-- name: show
INSERT INTO signal_latest AS known (
    exchange, "timestamp", model_id, signal, confidence, p_sell, p_hold, p_buy, rationale,
    horizon_s, latency_ms
)
VALUES (
    :exchange, :timestamp, :model_id, :signal, :confidence, :p_sell, :p_hold, :p_buy, :rationale,
    :horizon_s, :latency_ms
)
ON CONFLICT (exchange) DO UPDATE
SET "timestamp" = excluded."timestamp",
    model_id = excluded.model_id,
    signal = excluded.signal,
    confidence = excluded.confidence,
    p_sell = excluded.p_sell,
    p_hold = excluded.p_hold,
    p_buy = excluded.p_buy,
    rationale = excluded.rationale,
    horizon_s = excluded.horizon_s,
    latency_ms = excluded.latency_ms,
    drift = CASE WHEN known.model_id = excluded.model_id THEN known.drift END;

-- name: settle
UPDATE predictions AS made
SET outcome = :outcome,
    move = :move
WHERE made.exchange = :exchange
  AND made."timestamp" = :timestamp;

-- name: feedback
UPDATE predictions AS made
SET feedback = :outcome
WHERE made.exchange = :exchange
  AND made."timestamp" = :timestamp
RETURNING made.signal AS signal;

-- name: not_followed
INSERT INTO paper_trading_metrics (
    "timestamp", exchange, executed, reason, signal, confidence, quantity_lots,
    constraint_violation
)
VALUES (:timestamp, :exchange, false, :why, :signal, :confidence, 0, :violates);

-- name: drift
UPDATE signal_latest AS known
SET drift = CAST(:drift AS jsonb)
WHERE known.exchange = :exchange
  AND known.model_id = :model_id;
