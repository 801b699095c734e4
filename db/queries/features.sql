The training frame, in a form of fixed width: unknown is NaN.

-- name: frame
COPY (
    SELECT
        features."timestamp" AS "timestamp",
        coalesce(features.pcr_total_oi, 'NaN') AS pcr_total_oi,
        coalesce(features.pcr_itm_oi, 'NaN') AS pcr_itm_oi,
        coalesce(features.pcr_total_volume, 'NaN') AS pcr_total_volume,
        coalesce(features.futures_premium, 'NaN') AS futures_premium,
        coalesce(features.time_to_expiry_hours, 'NaN') AS time_to_expiry_hours,
        coalesce(features.vix, 'NaN') AS vix,
        coalesce(features.underlying_price, 'NaN') AS underlying_price,
        coalesce(features.underlying_future_price, 'NaN') AS underlying_future_price,
        coalesce(features.underlying_future_oi, 'NaN') AS underlying_future_oi,
        coalesce(features.total_itm_oi_ce, 'NaN') AS total_itm_oi_ce,
        coalesce(features.total_itm_oi_pe, 'NaN') AS total_itm_oi_pe,
        coalesce(features.atm_shift_intensity, 'NaN') AS atm_shift_intensity,
        coalesce(features.itm_ce_breadth, 'NaN') AS itm_ce_breadth,
        coalesce(features.itm_pe_breadth, 'NaN') AS itm_pe_breadth,
        coalesce(features.percent_oichange_fut_3m, 'NaN') AS percent_oichange_fut_3m,
        coalesce(features.itm_oi_ce_pct_change_3m_wavg, 'NaN') AS itm_oi_ce_pct_change_3m_wavg,
        coalesce(features.itm_oi_pe_pct_change_3m_wavg, 'NaN') AS itm_oi_pe_pct_change_3m_wavg,
        coalesce(features.dealer_vanna_exposure, 'NaN') AS dealer_vanna_exposure,
        coalesce(features.dealer_charm_exposure, 'NaN') AS dealer_charm_exposure,
        coalesce(features.net_gamma_exposure, 'NaN') AS net_gamma_exposure,
        coalesce(features.gamma_flip_level, 'NaN') AS gamma_flip_level,
        coalesce(features.ce_volume_to_oi_ratio, 'NaN') AS ce_volume_to_oi_ratio,
        coalesce(features.pe_volume_to_oi_ratio, 'NaN') AS pe_volume_to_oi_ratio,
        coalesce(features.news_sentiment_score, 'NaN') AS news_sentiment_score,
        coalesce(features.iv_skew, 'NaN') AS iv_skew
    FROM ml_features AS features
    WHERE features.exchange = %(exchange)s
      AND features."timestamp" >= %(start)s
      AND features."timestamp" <= %(end)s
    ORDER BY features."timestamp"
) TO STDOUT (FORMAT binary);
