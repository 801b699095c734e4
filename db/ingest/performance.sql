How long operations took, and objectives that burn.

-- name: sample
INSERT INTO performance_samples (
    sampled_at, service, process, kind, name, operations, failures, bad, total_ms, max_ms, p95_ms,
    size
)
SELECT
    given.sampled_at,
    given.service,
    given.process,
    given.kind,
    given.name,
    given.operations,
    given.failures,
    given.bad,
    given.total_ms,
    given.max_ms,
    given.p95_ms,
    given.size
FROM jsonb_to_recordset(CAST(:samples AS jsonb)) AS given (
    sampled_at timestamptz,
    service text,
    process text,
    kind text,
    name text,
    operations bigint,
    failures bigint,
    bad bigint,
    total_ms double precision,
    max_ms double precision,
    p95_ms double precision,
    size bigint
);

-- name: burn
-- of all who notice one opens it
INSERT INTO performance_alerts (objective, burn, sentence)
VALUES (:objective, :burn, :sentence)
ON CONFLICT (objective) WHERE resolved_at IS NULL DO NOTHING
RETURNING objective;

-- name: resolve
UPDATE performance_alerts
SET resolved_at = now()
WHERE objective = :objective
  AND resolved_at IS NULL
RETURNING objective;
