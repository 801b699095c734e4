-- What the toolkit keeps in the database: policies it runs itself, and what the edition cannot do.
-- Their tables are part of the engine's schema. `target` is a relation as quoted schema.name.

-- name: set_policy
INSERT INTO timescale_engine.policy AS p (kind, target, config, schedule_interval)
VALUES ({kind}, {target}, {config}, {schedule_interval})
ON CONFLICT (kind, target) DO UPDATE
SET config = excluded.config,
    schedule_interval = excluded.schedule_interval,
    next_run = least(p.next_run, now() + excluded.schedule_interval);

-- name: forget_policy
DO $do$
BEGIN
  IF to_regclass('timescale_engine.policy') IS NOT NULL THEN
    DELETE FROM timescale_engine.policy WHERE kind = {kind} AND target = {target};
  END IF;
END
$do$;

-- name: record_skipped
INSERT INTO timescale_engine.skipped (feature, target, definition, reason)
VALUES ({feature}, {target}, {definition}, {reason})
ON CONFLICT (feature, target) DO UPDATE
SET definition = excluded.definition,
    reason = excluded.reason,
    recorded_at = now();

-- name: forget_skipped
DO $do$
BEGIN
  IF to_regclass('timescale_engine.skipped') IS NOT NULL THEN
    DELETE FROM timescale_engine.skipped WHERE feature = {feature} AND target = {target};
  END IF;
END
$do$;

-- name: read_policies
SELECT n.nspname AS schema,
       c.relname AS name,
       p.config AS config,
       p.schedule_interval AS schedule_interval
FROM timescale_engine.policy AS p
JOIN pg_class AS c ON c.oid = to_regclass(p.target)
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE p.kind = :kind;

-- name: read_skipped
SELECT n.nspname AS schema,
       c.relname AS name,
       s.definition AS definition
FROM timescale_engine.skipped AS s
JOIN pg_class AS c ON c.oid = to_regclass(s.target)
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE s.feature = :feature;
