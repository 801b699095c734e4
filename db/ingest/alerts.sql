Rules of alerts as their users change them, and as they are found by who watches.

-- name: add
INSERT INTO alerts (owner, exchange, kind, params, repeats, cooldown_s)
SELECT
    :owner AS owner,
    :exchange AS exchange,
    :kind AS kind,
    CAST(:params AS jsonb) AS params,
    :repeats AS repeats,
    :cooldown_s AS cooldown_s
WHERE (SELECT count(*) FROM alerts AS known WHERE known.owner = :owner) < :most
RETURNING id AS id;

-- name: change
-- what was found of it before belongs to the rule as it was
UPDATE alerts AS rule
SET params = CAST(:params AS jsonb),
    enabled = :enabled,
    repeats = :repeats,
    cooldown_s = :cooldown_s,
    state = NULL,
    revision = rule.revision + 1
WHERE rule.owner = :owner
  AND rule.id = :id
RETURNING rule.id AS id;

-- name: remove
DELETE FROM alerts
WHERE owner = :owner
  AND id = :id
RETURNING id AS id;

-- name: settle
-- of several who found something at once only the first takes this step
UPDATE alerts AS rule
SET state = CAST(:state AS jsonb),
    revision = rule.revision + 1,
    enabled = rule.enabled AND NOT (:has_fired AND NOT rule.repeats),
    fired_at = CASE WHEN :has_fired THEN clock_timestamp() ELSE rule.fired_at END
WHERE rule.id = :id
  AND rule.revision = :revision
  AND rule.enabled
RETURNING rule.revision AS revision;

-- name: tell
INSERT INTO alert_events
    (owner, alert_id, revision, exchange, kind, fired, "timestamp", sequence, value, message)
VALUES
    (:owner, :id, :revision, :exchange, :kind, :has_fired, :timestamp, :sequence, :value, :message)
RETURNING id AS id;

-- name: forget
DELETE FROM alert_events AS told
WHERE told.owner = :owner
  AND told.id <= (
      SELECT newest.id
      FROM alert_events AS newest
      WHERE newest.owner = :owner
      ORDER BY newest.id DESC
      OFFSET :most
      LIMIT 1
  );

-- name: looked
INSERT INTO alert_looks AS known (exchange, looked_at)
SELECT
    named.exchange AS exchange,
    clock_timestamp() AS looked_at
FROM unnest(CAST(:exchanges AS text[])) AS named (exchange)
ORDER BY named.exchange
ON CONFLICT (exchange) DO UPDATE SET looked_at = excluded.looked_at;
