Statements of the writers. `pg_temp.staged_chain` has the fields of db.ticks.EnrichedOption.

-- name: create_stage
CREATE TEMPORARY TABLE IF NOT EXISTS staged_chain (
    strike double precision NOT NULL,
    option_type text NOT NULL,
    symbol text NOT NULL,
    token bigint NOT NULL,
    expiry date,
    time_to_expiry_seconds integer,
    moneyness text,
    underlying_price double precision,
    oi bigint,
    ltp double precision,
    volume bigint,
    pct_change_3m double precision,
    pct_change_5m double precision,
    pct_change_10m double precision,
    pct_change_15m double precision,
    pct_change_30m double precision,
    iv double precision,
    best_bid double precision,
    best_ask double precision,
    bid_quantity double precision,
    ask_quantity double precision,
    spread double precision,
    order_book_imbalance double precision,
    delta double precision,
    gamma double precision,
    theta double precision,
    vega double precision,
    theoretical_price double precision
) ON COMMIT DELETE ROWS;

-- name: empty_stage
DELETE FROM pg_temp.staged_chain;

-- name: fill_stage
COPY pg_temp.staged_chain FROM STDIN (FORMAT binary);

-- name: write_snapshot
SELECT live_edge.write_snapshot(:exchange, :timestamp) AS is_shown;

-- name: write_edge
SELECT live_edge.write_edge(:exchange, :timestamp) AS is_shown;

-- name: set_bulk_load
SELECT
    set_config('live_edge.bulk_load', :state, true) AS state,
    set_config('statement_timeout', '0', true) AS statement_timeout;

-- name: refresh_window
SELECT live_edge.refresh_window(:exchange, :first, :last) AS snapshots;

-- name: refresh_newest
SELECT live_edge.refresh_newest(:exchange);
