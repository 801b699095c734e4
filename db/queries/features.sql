The training frame.

-- name: frame
SELECT
    features."timestamp" AS "timestamp",
    features.pcr_total_oi AS pcr_total_oi,
    features.pcr_itm_oi AS pcr_itm_oi,
    features.pcr_total_volume AS pcr_total_volume,
    features.futures_premium AS futures_premium,
    features.time_to_expiry_hours AS time_to_expiry_hours,
    features.vix AS vix,
    features.underlying_price AS underlying_price,
    features.underlying_future_price AS underlying_future_price,
    features.underlying_future_oi AS underlying_future_oi,
    features.total_itm_oi_ce AS total_itm_oi_ce,
    features.total_itm_oi_pe AS total_itm_oi_pe,
    features.atm_shift_intensity AS atm_shift_intensity,
    features.itm_ce_breadth AS itm_ce_breadth,
    features.itm_pe_breadth AS itm_pe_breadth,
    features.percent_oichange_fut_3m AS percent_oichange_fut_3m,
    features.itm_oi_ce_pct_change_3m_wavg AS itm_oi_ce_pct_change_3m_wavg,
    features.itm_oi_pe_pct_change_3m_wavg AS itm_oi_pe_pct_change_3m_wavg,
    features.dealer_vanna_exposure AS dealer_vanna_exposure,
    features.dealer_charm_exposure AS dealer_charm_exposure,
    features.net_gamma_exposure AS net_gamma_exposure,
    features.gamma_flip_level AS gamma_flip_level,
    features.ce_volume_to_oi_ratio AS ce_volume_to_oi_ratio,
    features.pe_volume_to_oi_ratio AS pe_volume_to_oi_ratio,
    features.news_sentiment_score AS news_sentiment_score
FROM ml_features AS features
WHERE features.exchange = :exchange
  AND features."timestamp" >= :start
  AND features."timestamp" <= :end
ORDER BY features."timestamp";
