Open interest, PCR and the index over time, from the rollups; `start` included, `end` not.

-- name: minutes
SELECT
    total.bucket AS bucket,
    total.oi_ce AS oi_ce,
    total.oi_pe AS oi_pe,
    total.volume_ce AS volume_ce,
    total.volume_pe AS volume_pe,
    total.underlying_open AS underlying_open,
    total.underlying_high AS underlying_high,
    total.underlying_low AS underlying_low,
    total.underlying_close AS underlying_close,
    total.future_close AS future_close,
    total.snapshots AS snapshots,
    total.oi_pe::double precision / nullif(total.oi_ce, 0) AS pcr,
    total.volume_pe::double precision / nullif(total.volume_ce, 0) AS pcr_volume
FROM oi_1m AS total
WHERE total.exchange = %(exchange)s
  AND total.bucket >= %(start)s
  AND total.bucket < %(end)s
ORDER BY total.bucket;

-- name: five_minutes
SELECT
    total.bucket AS bucket,
    total.oi_ce AS oi_ce,
    total.oi_pe AS oi_pe,
    total.volume_ce AS volume_ce,
    total.volume_pe AS volume_pe,
    total.underlying_open AS underlying_open,
    total.underlying_high AS underlying_high,
    total.underlying_low AS underlying_low,
    total.underlying_close AS underlying_close,
    total.future_close AS future_close,
    total.snapshots AS snapshots,
    total.oi_pe::double precision / nullif(total.oi_ce, 0) AS pcr,
    total.volume_pe::double precision / nullif(total.volume_ce, 0) AS pcr_volume
FROM oi_5m AS total
WHERE total.exchange = %(exchange)s
  AND total.bucket >= %(start)s
  AND total.bucket < %(end)s
ORDER BY total.bucket;

-- name: days
SELECT
    total.bucket AS bucket,
    total.oi_ce AS oi_ce,
    total.oi_pe AS oi_pe,
    total.volume_ce AS volume_ce,
    total.volume_pe AS volume_pe,
    total.underlying_open AS underlying_open,
    total.underlying_high AS underlying_high,
    total.underlying_low AS underlying_low,
    total.underlying_close AS underlying_close,
    total.future_close AS future_close,
    total.snapshots AS snapshots,
    total.oi_pe::double precision / nullif(total.oi_ce, 0) AS pcr,
    total.volume_pe::double precision / nullif(total.volume_ce, 0) AS pcr_volume
FROM oi_1d AS total
WHERE total.exchange = %(exchange)s
  AND total.bucket >= %(start)s
  AND total.bucket < %(end)s
ORDER BY total.bucket;
