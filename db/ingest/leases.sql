Which collector may write an exchange key. Times are the database's own.

-- name: acquire
INSERT INTO collector_leases AS lease (exchange, holder, term, renewed_at)
VALUES (:exchange, :holder, 1, clock_timestamp())
ON CONFLICT (exchange) DO UPDATE SET
    holder = excluded.holder,
    term = lease.term + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END,
    renewed_at = excluded.renewed_at
WHERE lease.holder = excluded.holder
   OR lease.renewed_at < clock_timestamp() - make_interval(secs => :lease_s)
RETURNING lease.term AS term;

-- name: guard
SELECT lease.term AS term
FROM collector_leases AS lease
WHERE lease.exchange = :exchange
  AND lease.holder = :holder
  AND lease.term = :term
FOR SHARE;

-- name: release
DELETE FROM collector_leases
WHERE exchange = :exchange
  AND holder = :holder;

-- name: set_feed_state
INSERT INTO feed_states AS known (exchange, state, sentence, changed_at, seen_at)
VALUES (:exchange, :state, :sentence, clock_timestamp(), clock_timestamp())
ON CONFLICT (exchange) DO UPDATE SET
    state = excluded.state,
    sentence = excluded.sentence,
    changed_at = CASE
        WHEN (known.state, known.sentence) IS DISTINCT FROM (excluded.state, excluded.sentence)
        THEN excluded.changed_at
        ELSE known.changed_at
    END,
    seen_at = excluded.seen_at;

-- name: announce
SELECT pg_notify('oi_live', :payload);
