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

-- name: may_note_runs
-- the role of a command may be one that only reads, its server a replica, its schema an older one
SELECT NOT pg_is_in_recovery()
   AND coalesce(has_table_privilege(to_regclass('public.command_runs'), 'INSERT'), false)
   AND coalesce(has_table_privilege(to_regclass('public.command_runs'), 'UPDATE'), false)
   AND coalesce(has_table_privilege(to_regclass('public.performance_samples'), 'INSERT'), false)
       AS may_note;

-- name: run
INSERT INTO command_runs (name, process, began_at, ended_at, size, failed_at, problem)
VALUES (
    :name,
    :process,
    :began_at,
    :ended_at,
    :size,
    CASE WHEN CAST(:problem AS text) IS NOT NULL THEN CAST(:ended_at AS timestamptz) END,
    :problem
)
ON CONFLICT (name) DO UPDATE
SET process = excluded.process,
    began_at = excluded.began_at,
    ended_at = excluded.ended_at,
    size = excluded.size,
    failed_at = coalesce(excluded.failed_at, command_runs.failed_at),
    problem = coalesce(excluded.problem, command_runs.problem);

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
