How long operations took, and how far objectives are from what they promise.

-- name: totals_of_hour
SELECT
    sampled.kind AS kind,
    sampled.name AS name,
    sum(sampled.operations)::bigint AS operations,
    sum(sampled.failures)::bigint AS failures,
    sum(sampled.bad)::bigint AS bad,
    sum(sampled.operations) FILTER (
        WHERE sampled.sampled_at > now() - INTERVAL '5 minutes'
    )::bigint AS late_operations,
    sum(sampled.bad) FILTER (
        WHERE sampled.sampled_at > now() - INTERVAL '5 minutes'
    )::bigint AS late_bad
FROM performance_samples AS sampled
WHERE sampled.sampled_at > now() - INTERVAL '1 hour'
GROUP BY sampled.kind, sampled.name;

-- name: totals_of_day
SELECT
    rolled.kind AS kind,
    rolled.name AS name,
    sum(rolled.operations)::bigint AS operations,
    sum(rolled.failures)::bigint AS failures,
    sum(rolled.bad)::bigint AS bad
FROM performance_5m AS rolled
WHERE rolled.bucket > now() - INTERVAL '1 day'
GROUP BY rolled.kind, rolled.name;

-- name: totals_of_month
SELECT
    rolled.kind AS kind,
    rolled.name AS name,
    sum(rolled.operations)::bigint AS operations,
    sum(rolled.failures)::bigint AS failures,
    sum(rolled.bad)::bigint AS bad
FROM performance_1h AS rolled
WHERE rolled.bucket > now() - INTERVAL '30 days'
GROUP BY rolled.kind, rolled.name;

-- name: latest
-- the last minute of all processes
SELECT
    sampled.service AS service,
    sampled.kind AS kind,
    sampled.name AS name,
    sum(sampled.operations)::bigint AS operations,
    sum(sampled.failures)::bigint AS failures,
    sum(sampled.bad)::bigint AS bad,
    sum(sampled.total_ms) AS total_ms,
    max(sampled.p95_ms) AS p95_ms,
    max(sampled.max_ms) AS max_ms,
    sum(sampled.size)::bigint AS size
FROM performance_samples AS sampled
WHERE sampled.sampled_at > now() - INTERVAL '1 minute'
GROUP BY sampled.service, sampled.kind, sampled.name;

-- name: trend_of_hour
SELECT
    sampled.kind AS kind,
    sampled.name AS name,
    floor(
        EXTRACT(EPOCH FROM now() - sampled.sampled_at) / %(step_s)s
    )::integer AS steps_ago,
    max(sampled.p95_ms) AS p95_ms
FROM performance_samples AS sampled
WHERE sampled.sampled_at > now() - INTERVAL '1 hour'
GROUP BY sampled.kind, sampled.name, steps_ago;

-- name: trend_of_day
SELECT
    rolled.kind AS kind,
    rolled.name AS name,
    floor(EXTRACT(EPOCH FROM now() - rolled.bucket) / %(step_s)s)::integer AS steps_ago,
    max(rolled.p95_ms) AS p95_ms
FROM performance_5m AS rolled
WHERE rolled.bucket > now() - INTERVAL '1 day'
GROUP BY rolled.kind, rolled.name, steps_ago;

-- name: weeks
-- the last day beside the same day of the week before, of what happened often enough on both
SELECT
    rolled.kind AS kind,
    rolled.name AS name,
    (
        sum(rolled.total_ms) FILTER (WHERE rolled.bucket > now() - INTERVAL '1 day')
        / nullif(sum(rolled.operations) FILTER (WHERE rolled.bucket > now() - INTERVAL '1 day'), 0)
    )::double precision AS mean_ms,
    (
        sum(rolled.total_ms) FILTER (WHERE rolled.bucket <= now() - INTERVAL '7 days')
        / nullif(
            sum(rolled.operations) FILTER (WHERE rolled.bucket <= now() - INTERVAL '7 days'), 0
        )
    )::double precision AS mean_ms_before
FROM performance_1h AS rolled
WHERE rolled.bucket > now() - INTERVAL '8 days'
  AND (
      rolled.bucket > now() - INTERVAL '1 day'
      OR rolled.bucket <= now() - INTERVAL '7 days'
  )
GROUP BY rolled.kind, rolled.name
HAVING sum(rolled.operations) FILTER (
        WHERE rolled.bucket > now() - INTERVAL '1 day'
    ) >= %(least)s
   AND sum(rolled.operations) FILTER (
        WHERE rolled.bucket <= now() - INTERVAL '7 days'
    ) >= %(least)s;

-- name: open_alerts
SELECT
    told.objective AS objective,
    told.began_at AS began_at,
    told.resolved_at AS resolved_at,
    told.burn AS burn,
    told.sentence AS sentence
FROM performance_alerts AS told
WHERE told.resolved_at IS NULL
ORDER BY told.began_at;

-- name: recent_alerts
SELECT
    told.objective AS objective,
    told.began_at AS began_at,
    told.resolved_at AS resolved_at,
    told.burn AS burn,
    told.sentence AS sentence
FROM performance_alerts AS told
ORDER BY told.began_at DESC
LIMIT %(limit)s;

-- name: command_runs
SELECT
    ran.name AS name,
    ran.process AS process,
    ran.began_at AS began_at,
    ran.ended_at AS ended_at,
    ran.size AS size,
    ran.failed_at AS failed_at,
    ran.problem AS problem
FROM command_runs AS ran
ORDER BY ran.ended_at DESC
LIMIT %(limit)s;

-- name: refreshes
-- of rollups, whoever runs them: the toolkit or TimescaleDB
SELECT
    own.target AS name,
    own.last_run AS last_run,
    own.last_duration_ms AS duration_ms,
    own.last_status = 'error' AS failed,
    greatest(
        0,
        EXTRACT(EPOCH FROM now() - own.last_run - own.schedule_interval)
    )::double precision AS late_s
FROM timescale_engine.policy AS own
WHERE own.kind = 'refresh'
  AND own.last_run IS NOT NULL
  AND own.last_status <> 'running'
  AND own.next_run < 'infinity'
UNION ALL
SELECT
    format('%%I.%%I', made.view_schema, made.view_name) AS name,
    ran.last_run_started_at AS last_run,
    EXTRACT(EPOCH FROM ran.last_run_duration)::double precision * 1000 AS duration_ms,
    ran.last_run_status = 'Failed' AS failed,
    greatest(
        0,
        EXTRACT(EPOCH FROM now() - ran.last_run_started_at - job.schedule_interval)
    )::double precision AS late_s
FROM timescaledb_information.jobs AS job
JOIN timescaledb_information.job_stats AS ran ON ran.job_id = job.job_id
JOIN timescaledb_information.continuous_aggregates AS made
    ON made.materialization_hypertable_schema = job.hypertable_schema
   AND made.materialization_hypertable_name = job.hypertable_name
WHERE job.proc_name = 'policy_refresh_continuous_aggregate'
  AND job.scheduled
  AND ran.last_run_duration IS NOT NULL
  AND isfinite(ran.last_run_started_at);
