Which instants history holds, and everything between two of them.

-- name: snapshot_at
SELECT
    snapshot."timestamp" AS "timestamp",
    snapshot.exchange AS exchange,
    snapshot.contracts AS contracts,
    snapshot.underlying_price AS underlying_price,
    snapshot.future_price AS future_price,
    snapshot.oi_ce AS oi_ce,
    snapshot.oi_pe AS oi_pe,
    snapshot.volume_ce AS volume_ce,
    snapshot.volume_pe AS volume_pe,
    snapshot.atm_strike AS atm_strike,
    snapshot.straddle AS straddle
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s
  AND snapshot."timestamp" <= %(at)s
  AND snapshot."timestamp" > %(since)s
ORDER BY snapshot."timestamp" DESC
LIMIT 1;

-- name: instant_at
SELECT snapshot."timestamp" AS "timestamp"
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s
  AND snapshot."timestamp" <= %(at)s
  AND snapshot."timestamp" > %(since)s
ORDER BY snapshot."timestamp" DESC
LIMIT 1;

-- name: index_known_at
SELECT snapshot."timestamp" AS "timestamp"
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s
  AND snapshot."timestamp" >= %(since)s
  AND snapshot."timestamp" < %(before)s
  AND snapshot.underlying_price > 0
  AND snapshot.underlying_price < 'Infinity'
ORDER BY snapshot."timestamp" DESC
LIMIT 1;

-- name: instants
SELECT snapshot."timestamp" AS "timestamp"
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s
  AND snapshot."timestamp" >= %(start)s
  AND snapshot."timestamp" < %(end)s
ORDER BY snapshot."timestamp";

-- name: first_and_last
SELECT
    min(snapshot."timestamp") AS start,
    max(snapshot."timestamp") AS "end"
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s;

-- name: straddles
SELECT
    snapshot."timestamp" AS "timestamp",
    snapshot.atm_strike AS atm_strike,
    snapshot.straddle AS straddle
FROM snapshots AS snapshot
WHERE snapshot.exchange = %(exchange)s
  AND snapshot."timestamp" >= %(start)s
  AND snapshot."timestamp" < %(end)s
ORDER BY snapshot."timestamp";

-- name: window
SELECT
    chain."timestamp" AS "timestamp",
    chain.strike AS strike,
    chain.option_type AS option_type,
    chain.oi AS oi,
    chain.ltp AS ltp,
    chain.volume AS volume,
    chain.iv AS iv,
    chain.underlying_price AS underlying_price
FROM option_chain_snapshots AS chain
WHERE chain.exchange = %(exchange)s
  AND chain."timestamp" >= %(start)s
  AND chain."timestamp" <= %(end)s
ORDER BY chain."timestamp" DESC, chain.strike, chain.option_type;
