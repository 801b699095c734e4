Option chains: the newest from the live edge, any other at an exact instant of history.

-- name: latest_chain
SELECT
    chain.exchange AS exchange,
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.symbol AS symbol,
    chain.token AS token,
    chain.expiry AS expiry,
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.underlying_price AS underlying_price,
    chain.moneyness AS moneyness,
    chain.time_to_expiry_seconds AS time_to_expiry_seconds,
    chain.pct_change_3m AS pct_change_3m,
    chain.pct_change_5m AS pct_change_5m,
    chain.pct_change_10m AS pct_change_10m,
    chain.pct_change_15m AS pct_change_15m,
    chain.pct_change_30m AS pct_change_30m,
    chain.iv AS iv,
    chain.best_bid AS best_bid,
    chain.best_ask AS best_ask,
    chain.bid_quantity AS bid_quantity,
    chain.ask_quantity AS ask_quantity,
    chain.spread AS spread,
    chain.order_book_imbalance AS order_book_imbalance,
    chain.oi_change_3m AS oi_change_3m,
    chain.oi_change_5m AS oi_change_5m,
    chain.oi_change_10m AS oi_change_10m,
    chain.oi_change_15m AS oi_change_15m,
    chain.oi_change_30m AS oi_change_30m,
    chain.day_open_oi AS day_open_oi,
    chain.prev_close_oi AS prev_close_oi,
    chain.iv_forward AS iv_forward,
    chain.theoretical_price AS theoretical_price,
    chain.delta AS delta,
    chain.gamma AS gamma,
    chain.theta AS theta,
    chain.vega AS vega,
    chain.oi_at AS oi_at
FROM option_chain_latest AS chain
WHERE chain.exchange = %(exchange)s
ORDER BY chain.strike, chain.option_type;

-- name: latest_chains
SELECT
    chain.exchange AS exchange,
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.symbol AS symbol,
    chain.token AS token,
    chain.expiry AS expiry,
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.underlying_price AS underlying_price,
    chain.moneyness AS moneyness,
    chain.time_to_expiry_seconds AS time_to_expiry_seconds,
    chain.pct_change_3m AS pct_change_3m,
    chain.pct_change_5m AS pct_change_5m,
    chain.pct_change_10m AS pct_change_10m,
    chain.pct_change_15m AS pct_change_15m,
    chain.pct_change_30m AS pct_change_30m,
    chain.iv AS iv,
    chain.best_bid AS best_bid,
    chain.best_ask AS best_ask,
    chain.bid_quantity AS bid_quantity,
    chain.ask_quantity AS ask_quantity,
    chain.spread AS spread,
    chain.order_book_imbalance AS order_book_imbalance,
    chain.oi_change_3m AS oi_change_3m,
    chain.oi_change_5m AS oi_change_5m,
    chain.oi_change_10m AS oi_change_10m,
    chain.oi_change_15m AS oi_change_15m,
    chain.oi_change_30m AS oi_change_30m,
    chain.day_open_oi AS day_open_oi,
    chain.prev_close_oi AS prev_close_oi,
    chain.iv_forward AS iv_forward,
    chain.theoretical_price AS theoretical_price,
    chain.delta AS delta,
    chain.gamma AS gamma,
    chain.theta AS theta,
    chain.vega AS vega,
    chain.oi_at AS oi_at
FROM option_chain_latest AS chain
ORDER BY chain.exchange, chain.strike, chain.option_type;

-- name: chain_at
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.symbol AS symbol,
    chain.token AS token,
    chain.expiry AS expiry,
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.underlying_price AS underlying_price,
    chain.moneyness AS moneyness,
    chain.time_to_expiry_seconds AS time_to_expiry_seconds,
    chain.pct_change_3m AS pct_change_3m,
    chain.pct_change_5m AS pct_change_5m,
    chain.pct_change_10m AS pct_change_10m,
    chain.pct_change_15m AS pct_change_15m,
    chain.pct_change_30m AS pct_change_30m,
    chain.iv AS iv,
    chain.best_bid AS best_bid,
    chain.best_ask AS best_ask,
    chain.bid_quantity AS bid_quantity,
    chain.ask_quantity AS ask_quantity,
    chain.spread AS spread,
    chain.order_book_imbalance AS order_book_imbalance
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = %(at)s
ORDER BY chain.strike, chain.option_type;

-- name: chain_as_of
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.symbol AS symbol,
    chain.token AS token,
    chain.expiry AS expiry,
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.underlying_price AS underlying_price,
    chain.moneyness AS moneyness,
    chain.time_to_expiry_seconds AS time_to_expiry_seconds,
    chain.pct_change_3m AS pct_change_3m,
    chain.pct_change_5m AS pct_change_5m,
    chain.pct_change_10m AS pct_change_10m,
    chain.pct_change_15m AS pct_change_15m,
    chain.pct_change_30m AS pct_change_30m,
    chain.iv AS iv,
    chain.best_bid AS best_bid,
    chain.best_ask AS best_ask,
    chain.bid_quantity AS bid_quantity,
    chain.ask_quantity AS ask_quantity,
    chain.spread AS spread,
    chain.order_book_imbalance AS order_book_imbalance
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = (
    SELECT snapshot."timestamp" AS "timestamp"
    FROM snapshots AS snapshot
    WHERE snapshot.exchange = %(exchange)s
      AND snapshot."timestamp" <= %(at)s
      AND snapshot."timestamp" >= date_trunc('day', %(at)s::timestamp)
    ORDER BY snapshot."timestamp" DESC
    LIMIT 1
  )
ORDER BY chain.strike, chain.option_type;

-- name: chunk_at
SELECT part.inhrelid::regclass::text AS chunk
FROM pg_inherits AS part
WHERE part.inhparent = 'option_chain_snapshots'::regclass
  AND part.inhrelid = (
    SELECT chain.tableoid AS chunk
    FROM option_chain_snapshots AS chain
    WHERE chain.exchange = %(exchange)s
      AND chain."timestamp" = %(at)s
    LIMIT 1
  );

-- name: archived_chain_at
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.symbol AS symbol,
    chain.token AS token,
    chain.expiry AS expiry,
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.underlying_price AS underlying_price,
    chain.moneyness AS moneyness,
    chain.time_to_expiry_seconds AS time_to_expiry_seconds,
    chain.pct_change_3m AS pct_change_3m,
    chain.pct_change_5m AS pct_change_5m,
    chain.pct_change_10m AS pct_change_10m,
    chain.pct_change_15m AS pct_change_15m,
    chain.pct_change_30m AS pct_change_30m,
    chain.iv AS iv,
    chain.best_bid AS best_bid,
    chain.best_ask AS best_ask,
    chain.bid_quantity AS bid_quantity,
    chain.ask_quantity AS ask_quantity,
    chain.spread AS spread,
    chain.order_book_imbalance AS order_book_imbalance
FROM option_chain_snapshots_history AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = %(at)s
ORDER BY chain.strike, chain.option_type;

-- name: oi_changes
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.oi AS oi,
    chain.oi_change_3m AS oi_change_3m,
    chain.oi_change_5m AS oi_change_5m,
    chain.oi_change_10m AS oi_change_10m,
    chain.oi_change_15m AS oi_change_15m,
    chain.oi_change_30m AS oi_change_30m,
    chain.pct_change_3m AS pct_change_3m,
    chain.pct_change_5m AS pct_change_5m,
    chain.pct_change_10m AS pct_change_10m,
    chain.pct_change_15m AS pct_change_15m,
    chain.pct_change_30m AS pct_change_30m,
    chain.day_open_oi AS day_open_oi,
    chain.prev_close_oi AS prev_close_oi
FROM option_chain_latest AS chain
WHERE chain.exchange = %(exchange)s
ORDER BY chain.strike, chain.option_type;

-- name: oi_by_strike
SELECT
    chain.strike AS strike,
    max(chain.oi) FILTER (WHERE chain.option_type = 'CE') AS oi_ce,
    max(chain.oi) FILTER (WHERE chain.option_type = 'PE') AS oi_pe
FROM option_chain_latest AS chain
WHERE chain.exchange = %(exchange)s
GROUP BY chain.strike
ORDER BY chain.strike;

-- name: expiry_at
SELECT chain.expiry AS expiry
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = %(at)s
ORDER BY chain.strike
LIMIT 1;

-- name: archived_expiry_at
SELECT chain.expiry AS expiry
FROM option_chain_snapshots_history AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" = %(at)s
ORDER BY chain.strike
LIMIT 1;
