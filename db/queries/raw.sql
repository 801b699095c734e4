What the rollups hold, made of history itself; buckets from `start` (included) to `end` (not).

A bucket that begins before `end` may go on after it.

-- name: totals
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
FROM (
    SELECT
        time_bucket(%(width)s, snapshot."timestamp") AS bucket,
        last(snapshot.oi_ce, snapshot."timestamp") AS oi_ce,
        last(snapshot.oi_pe, snapshot."timestamp") AS oi_pe,
        last(snapshot.volume_ce, snapshot."timestamp") AS volume_ce,
        last(snapshot.volume_pe, snapshot."timestamp") AS volume_pe,
        first(snapshot.underlying_price, snapshot."timestamp") AS underlying_open,
        max(snapshot.underlying_price) AS underlying_high,
        min(snapshot.underlying_price) AS underlying_low,
        last(snapshot.underlying_price, snapshot."timestamp") AS underlying_close,
        last(snapshot.future_price, snapshot."timestamp") AS future_close,
        count(*) AS snapshots
    FROM snapshots AS snapshot
    WHERE snapshot.exchange = %(exchange)s
      AND snapshot."timestamp" >= %(start)s
      AND snapshot."timestamp" < %(end)s + %(width)s
    GROUP BY 1
) AS total
WHERE total.bucket >= %(start)s
  AND total.bucket < %(end)s
ORDER BY total.bucket;

-- name: day_bars
SELECT
    (EXTRACT(epoch FROM bar.bucket - %(start)s) / 60)::integer AS minute,
    bar.strike AS strike,
    bar.option_type AS option_type,
    bar.oi_open AS oi_open,
    bar.oi_close AS oi_close,
    bar.ltp_close AS ltp_close
FROM (
    SELECT
        time_bucket(%(width)s, chain."timestamp") AS bucket,
        chain.strike AS strike,
        chain.option_type AS option_type,
        first(chain.oi, chain."timestamp") AS oi_open,
        last(chain.oi, chain."timestamp") AS oi_close,
        last(chain.ltp, chain."timestamp") AS ltp_close
    FROM option_chain_snapshots_history AS chain
    WHERE chain.exchange = %(exchange)s
      AND chain."timestamp" >= %(start)s
      AND chain."timestamp" < %(end)s
    GROUP BY 1, 2, 3
) AS bar
ORDER BY bar.bucket, bar.strike, bar.option_type;

-- name: contract_bars
SELECT
    bar.bucket AS bucket,
    bar.oi_open AS oi_open,
    bar.oi_high AS oi_high,
    bar.oi_low AS oi_low,
    bar.oi_close AS oi_close,
    bar.ltp_open AS ltp_open,
    bar.ltp_high AS ltp_high,
    bar.ltp_low AS ltp_low,
    bar.ltp_close AS ltp_close,
    bar.volume AS volume
FROM (
    SELECT
        time_bucket(%(width)s, chain."timestamp") AS bucket,
        first(chain.oi, chain."timestamp") AS oi_open,
        max(chain.oi) AS oi_high,
        min(chain.oi) AS oi_low,
        last(chain.oi, chain."timestamp") AS oi_close,
        first(chain.ltp, chain."timestamp") AS ltp_open,
        max(chain.ltp) AS ltp_high,
        min(chain.ltp) AS ltp_low,
        last(chain.ltp, chain."timestamp") AS ltp_close,
        last(chain.volume, chain."timestamp") AS volume
    FROM option_chain_snapshots_history AS chain
    WHERE chain.exchange = %(exchange)s
      AND chain.strike = %(strike)s
      AND chain.option_type = %(option_type)s
      AND chain."timestamp" >= %(start)s
      AND chain."timestamp" < %(end)s + %(width)s
    GROUP BY 1
) AS bar
WHERE bar.bucket >= %(start)s
  AND bar.bucket < %(end)s
ORDER BY bar.bucket;
