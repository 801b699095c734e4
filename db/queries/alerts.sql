Rules of alerts, and the log of what they told.

-- name: rules_of
SELECT
    rule.id AS id,
    rule.exchange AS exchange,
    rule.kind AS kind,
    rule.params AS params,
    rule.enabled AS enabled,
    rule.repeats AS repeats,
    rule.cooldown_s AS cooldown_s,
    rule.fired_at AS fired_at,
    rule.created_at AS created_at
FROM alerts AS rule
WHERE rule.owner = %(owner)s
ORDER BY rule.id;

-- name: rule_of
SELECT
    rule.id AS id,
    rule.exchange AS exchange,
    rule.kind AS kind,
    rule.params AS params,
    rule.enabled AS enabled,
    rule.repeats AS repeats,
    rule.cooldown_s AS cooldown_s,
    rule.fired_at AS fired_at,
    rule.created_at AS created_at
FROM alerts AS rule
WHERE rule.owner = %(owner)s
  AND rule.id = %(id)s;

-- name: watched_rules
-- those of a key that another collector writes are that one's to watch
SELECT
    rule.id AS id,
    rule.owner AS owner,
    rule.exchange AS exchange,
    rule.kind AS kind,
    rule.params AS params,
    rule.repeats AS repeats,
    rule.cooldown_s AS cooldown_s,
    rule.state AS state,
    rule.revision AS revision,
    EXTRACT(EPOCH FROM clock_timestamp() - rule.fired_at)::double precision AS since_fired_s,
    COALESCE(
        looked.looked_at > clock_timestamp() - make_interval(secs => %(gap_s)s), false
    ) AS is_continuous
FROM alerts AS rule
LEFT JOIN alert_looks AS looked ON looked.exchange = rule.exchange
WHERE rule.enabled
  AND NOT EXISTS (
      SELECT 1
      FROM collector_leases AS lease
      WHERE lease.exchange = rule.exchange
        AND lease.holder <> %(holder)s
        AND lease.renewed_at > clock_timestamp() - make_interval(secs => %(lease_s)s)
        AND lease.renewed_at <= clock_timestamp() + make_interval(secs => %(lease_s)s)
  )
ORDER BY rule.id;

-- name: events_before
SELECT
    told.id AS id,
    told.alert_id AS alert_id,
    told.exchange AS exchange,
    told.kind AS kind,
    told.fired AS fired,
    told.told_at AS told_at,
    told."timestamp" AS "timestamp",
    told.sequence AS sequence,
    told.value AS value,
    told.message AS message
FROM alert_events AS told
WHERE told.owner = %(owner)s
  AND told.id < %(before)s
ORDER BY told.id DESC
LIMIT %(limit)s;
