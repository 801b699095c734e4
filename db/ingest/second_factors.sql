Second factors of users: begun, confirmed, used, taken away.

-- name: begin
-- one that counts already is not begun anew
INSERT INTO site_second_factors (name, secret)
VALUES (:name, :secret)
ON CONFLICT (name) DO UPDATE
SET secret = EXCLUDED.secret
WHERE site_second_factors.confirmed_at IS NULL;

-- name: confirm
UPDATE site_second_factors
SET confirmed_at = clock_timestamp(),
    last_step = :step,
    recovery = :recovery
WHERE name = :name
  AND secret = :secret
  AND confirmed_at IS NULL;

-- name: take_code
UPDATE site_second_factors
SET last_step = :step
WHERE name = :name
  AND secret = :secret
  AND last_step < :step;

-- name: take_recovery_code
UPDATE site_second_factors
SET recovery[:number] = NULL
WHERE name = :name
  AND recovery[:number] = :code_hash;

-- name: drop
DELETE FROM site_second_factors
WHERE name = :name;
