All contracts of an exchange by five minutes over one day; `minute` counts from `start`.

-- name: day
SELECT
    (EXTRACT(epoch FROM bar.bucket - %(start)s) / 60)::integer AS minute,
    bar.strike AS strike,
    bar.option_type AS option_type,
    bar.oi_open AS oi_open,
    bar.oi_close AS oi_close,
    bar.ltp_close AS ltp_close
FROM contract_5m AS bar
WHERE bar.exchange = %(exchange)s
  AND bar.bucket >= %(start)s
  AND bar.bucket < %(end)s
ORDER BY bar.bucket, bar.strike, bar.option_type;
