Counted tries to sign in. The instants are the database's clock, in seconds since 1970.

-- name: note
-- in one order, so that two who count the same names wait rather than lock each other up
INSERT INTO site_attempts (name, failures, closed_until, last_at, pending)
SELECT
    named.name AS name,
    0 AS failures,
    0 AS closed_until,
    0 AS last_at,
    '{}' AS pending
FROM unnest(CAST(:names AS text[])) AS named (name)
ORDER BY named.name
ON CONFLICT (name) DO NOTHING;

-- name: lock
SELECT
    known.name AS name,
    known.failures AS failures,
    known.closed_until AS closed_until,
    known.last_at AS last_at,
    known.pending AS pending
FROM site_attempts AS known
WHERE known.name = ANY(:names)
ORDER BY known.name
FOR UPDATE;

-- name: clock
SELECT EXTRACT(EPOCH FROM clock_timestamp())::double precision AS now;

-- name: keep
UPDATE site_attempts
SET failures = :failures,
    closed_until = :closed_until,
    last_at = :last_at,
    pending = :pending
WHERE name = :name;

-- name: forget
DELETE FROM site_attempts
WHERE name = ANY(:names);

-- name: sweep
-- what is long ago, a little each time; what another counts at the moment is left to it
DELETE FROM site_attempts
WHERE name IN (
    SELECT old.name
    FROM site_attempts AS old
    WHERE old.last_at BETWEEN 1 AND EXTRACT(EPOCH FROM clock_timestamp()) - :forgotten_after_s
    ORDER BY old.last_at
    LIMIT 100
    FOR UPDATE SKIP LOCKED
);
