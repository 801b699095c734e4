Who keeps others waiting. Sent as it stands, by either driver: nothing is bound.

-- name: holders
-- Sessions and prepared transactions that hold locks on users' tables, the oldest transaction first.
SELECT DISTINCT ON (since, label) label
FROM (
    SELECT a.xact_start AS since,
           format('server process %s of %s (%s) on %s', l.pid, a.usename,
                  left(regexp_replace(a.query, '\s+', ' ', 'g'), 80), l.relation::REGCLASS) AS label
    FROM pg_locks l
    JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.granted
      AND l.pid <> pg_backend_pid()
      AND l.locktype = 'relation'
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND l.relation >= 16384
    UNION ALL
    SELECT x.prepared,
           format('the prepared transaction %L on %s (COMMIT PREPARED or ROLLBACK PREPARED)',
                  x.gid, l.relation::REGCLASS)
    FROM pg_locks l
    JOIN pg_locks own
      ON own.virtualtransaction = l.virtualtransaction
     AND own.pid IS NULL
     AND own.locktype = 'transactionid'
    JOIN pg_prepared_xacts x ON x.transaction = own.transactionid
    WHERE l.pid IS NULL
      AND l.locktype = 'relation'
      AND l.relation >= 16384
      AND x.database = current_database()
) held
ORDER BY since, label
LIMIT 5
