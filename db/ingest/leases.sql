Which collector may write an exchange key. Times are the database's own; a lease that was renewed
after now, by more than a lease lasts, is from before the clock was set back, and counts as old.

-- name: renew
UPDATE collector_leases AS lease
SET renewed_at = clock_timestamp()
WHERE lease.exchange = :exchange
  AND lease.holder = :holder
RETURNING lease.term AS term;

-- name: take
-- A lease that is fresh is not even locked, so that a standby is never in its holder's way; one
-- that a write of its holder locks is left alone until that is over.
WITH free AS (
    SELECT lease.exchange AS exchange
    FROM collector_leases AS lease
    WHERE lease.exchange = :exchange
      AND (
          lease.renewed_at <= clock_timestamp() - make_interval(secs => :lease_s)
          OR lease.renewed_at > clock_timestamp() + make_interval(secs => :lease_s)
      )
    FOR UPDATE SKIP LOCKED
),
taken AS (
    UPDATE collector_leases AS lease
    SET holder = :holder,
        term = lease.term + 1,
        renewed_at = clock_timestamp()
    FROM free
    WHERE lease.exchange = free.exchange
    RETURNING lease.term AS term
),
begun AS (
    INSERT INTO collector_leases (exchange, holder, term, renewed_at)
    VALUES (:exchange, :holder, 1, clock_timestamp())
    ON CONFLICT (exchange) DO NOTHING
    RETURNING term
)
SELECT taken.term AS term
FROM taken
UNION ALL
SELECT begun.term AS term
FROM begun;

-- name: guard
-- Whoever stops in the middle of a write must not keep the lease for longer than a lease lasts.
SELECT
    lease.term AS term,
    set_config('idle_in_transaction_session_timeout', '5s', true) AS patience
FROM collector_leases AS lease
WHERE lease.exchange = :exchange
  AND lease.holder = :holder
  AND lease.term = :term
FOR SHARE;

-- name: exclude
SELECT
    lease.holder AS holder,
    set_config('idle_in_transaction_session_timeout', '5s', true) AS patience
FROM collector_leases AS lease
WHERE lease.exchange = :exchange
FOR UPDATE SKIP LOCKED;

-- name: leader
SELECT lease.holder AS holder
FROM collector_leases AS lease
WHERE lease.exchange = :exchange
  AND lease.renewed_at > clock_timestamp() - make_interval(secs => :lease_s)
  AND lease.renewed_at <= clock_timestamp() + make_interval(secs => :lease_s);

-- name: release
DELETE FROM collector_leases
WHERE exchange = :exchange
  AND holder = :holder;

-- name: set_feed_state
-- who stands by is silent: what the leader's feed is at counts
INSERT INTO feed_states AS known (exchange, state, sentence, changed_at, seen_at)
SELECT
    :exchange AS exchange,
    :state AS state,
    :sentence AS sentence,
    present.instant AS changed_at,
    present.instant AS seen_at
FROM (SELECT clock_timestamp() AS instant) AS present
WHERE NOT EXISTS (
    SELECT 1
    FROM collector_leases AS lease
    WHERE lease.exchange = :exchange
      AND lease.holder <> :holder
      AND lease.renewed_at > clock_timestamp() - make_interval(secs => :lease_s)
      AND lease.renewed_at <= clock_timestamp() + make_interval(secs => :lease_s)
)
ON CONFLICT (exchange) DO UPDATE SET
    state = excluded.state,
    sentence = excluded.sentence,
    changed_at = CASE
        WHEN (known.state, known.sentence) IS DISTINCT FROM (excluded.state, excluded.sentence)
        THEN excluded.changed_at
        ELSE known.changed_at
    END,
    seen_at = excluded.seen_at
RETURNING known.exchange AS exchange;

-- name: announce
SELECT pg_notify('oi_live', :payload);
