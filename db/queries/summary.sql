The head line of each exchange.

-- name: summary
SELECT
    head.exchange AS exchange,
    head."timestamp" AS "timestamp",
    head.sequence AS sequence,
    head.updated_at AS updated_at,
    head.contracts AS contracts,
    head.oi_known AS oi_known,
    head.expiry AS expiry,
    head.atm_strike AS atm_strike,
    head.underlying_price AS underlying_price,
    head.future_price AS future_price,
    head.future_oi AS future_oi,
    head.future_symbol AS future_symbol,
    head.vix AS vix,
    head.pcr AS pcr,
    head.pcr_volume AS pcr_volume,
    head.max_pain AS max_pain,
    head.oi_ce AS oi_ce,
    head.oi_pe AS oi_pe,
    head.volume_ce AS volume_ce,
    head.volume_pe AS volume_pe,
    head.straddle AS straddle,
    head.atm_iv AS atm_iv,
    head.forward AS forward,
    head.atm_iv_forward AS atm_iv_forward,
    head.itm_oi_ce_pct_change AS itm_oi_ce_pct_change,
    head.itm_oi_pe_pct_change AS itm_oi_pe_pct_change,
    head.percent_oichange_fut_3m AS percent_oichange_fut_3m,
    head.atm_shift_intensity AS atm_shift_intensity,
    head.itm_ce_breadth AS itm_ce_breadth,
    head.itm_pe_breadth AS itm_pe_breadth,
    head.context_at AS context_at,
    head.day_open_at AS day_open_at,
    head.prev_close_at AS prev_close_at,
    head.source AS source,
    EXTRACT(epoch FROM clock_timestamp() - head.updated_at)::double precision AS age_s,
    head.underlying_at AS underlying_at,
    head.lot_size AS lot_size
FROM chain_summary AS head
WHERE head.exchange = %(exchange)s;

-- name: max_pain
SELECT head.max_pain AS max_pain
FROM chain_summary AS head
WHERE head.exchange = %(exchange)s;
