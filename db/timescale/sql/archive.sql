-- name: prepare
SELECT timescale_engine.prepare_archive({target}, {config});

-- name: add_job
-- Not at once: over years of history a migration that follows would find its chunks locked again and again.
SELECT add_job(
  'timescale_engine.archive_job', {schedule_interval},
  config => {config}::jsonb || jsonb_build_object('target', {target}),
  initial_start => now() + INTERVAL '10 min'
);

-- name: remove_job
SELECT delete_job(job_id)
FROM timescaledb_information.jobs
WHERE proc_schema = 'timescale_engine'
  AND proc_name = 'archive_job'
  AND config ->> 'target' = {target};

-- name: read_jobs
SELECT n.nspname AS schema,
       c.relname AS name,
       j.config AS config,
       j.schedule_interval AS schedule_interval
FROM timescaledb_information.jobs AS j
JOIN pg_class AS c ON c.oid = to_regclass(j.config ->> 'target')
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE j.proc_schema = 'timescale_engine' AND j.proc_name = 'archive_job';

-- name: alter_job
-- Another interval would have it begin at once.
SELECT alter_job(
  job_id,
  schedule_interval => {schedule_interval},
  config => config || {change},
  next_start => coalesce(next_start, initial_start)
)
FROM timescaledb_information.jobs
WHERE proc_schema = 'timescale_engine'
  AND proc_name = 'archive_job'
  AND config ->> 'target' = {target};

-- name: alter_policy
UPDATE timescale_engine.policy
SET config = config || {change},
    schedule_interval = {schedule_interval}
WHERE kind = 'archive' AND target = {target};
