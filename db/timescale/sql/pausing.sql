-- name: jobs
-- TimescaleDB's own jobs and the toolkit's, by kind and what they are about.
SELECT j.job_id AS job_id,
       CASE j.proc_name
         WHEN 'policy_refresh_continuous_aggregate' THEN 'refresh'
         WHEN 'policy_retention' THEN 'retention'
         WHEN 'policy_compression' THEN 'columnstore'
         WHEN 'policy_reorder' THEN 'reorder'
         WHEN 'archive_job' THEN 'archive'
       END AS kind,
       coalesce(
         j.config ->> 'target',
         format(
           '%I.%I',
           coalesce(a.view_schema, j.hypertable_schema), coalesce(a.view_name, j.hypertable_name)
         )
       ) AS target,
       NOT j.scheduled OR j.next_start = 'infinity' AS is_paused
FROM timescaledb_information.jobs AS j
LEFT JOIN timescaledb_information.continuous_aggregates AS a
  ON a.materialization_hypertable_schema = j.hypertable_schema
 AND a.materialization_hypertable_name = j.hypertable_name
WHERE j.proc_name IN (
  'policy_refresh_continuous_aggregate', 'policy_retention', 'policy_compression',
  'policy_reorder', 'archive_job'
);

-- name: policies
-- Those that the toolkit runs itself rest by a next run that never comes.
SELECT p.kind AS kind,
       p.target AS target,
       p.next_run = 'infinity' AS is_paused
FROM timescale_engine.policy AS p;

-- name: set_job
DO $do$
DECLARE
  paused integer;
BEGIN
  FOR paused IN
    SELECT j.job_id
    FROM ({jobs}) AS j
    WHERE j.kind = {kind} AND j.target = {target}
  LOOP
    PERFORM alter_job(paused, scheduled => {is_scheduled}, next_start => {next_run});
  END LOOP;
END
$do$;

-- name: set_policy
DO $do$
BEGIN
  IF to_regclass('timescale_engine.policy') IS NOT NULL THEN
    UPDATE timescale_engine.policy SET next_run = {next_run}
    WHERE kind = {kind} AND target = {target};
  END IF;
END
$do$;
