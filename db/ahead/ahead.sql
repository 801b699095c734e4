What of a database the migrations cannot go through; each row is a sentence with the way out.

-- name: server
SELECT %(standby)s::TEXT AS sentence
WHERE pg_is_in_recovery()
UNION ALL
SELECT format('The extension timescaledb is in the schema %%I, which cannot be changed, and is needed '
              'in public; restore a dump into a database where it is.', n.nspname)
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'timescaledb' AND n.nspname <> 'public'
UNION ALL
SELECT 'The database is being restored (timescaledb.restoring is on), and no hypertable takes rows '
       'meanwhile; once all is there: SELECT timescaledb_post_restore()'
WHERE current_setting('timescaledb.restoring', true) = 'on'
UNION ALL
SELECT format('The database is encoded in %%s, which cannot hold every name and text; restore a dump '
              'of it into one that is encoded in UTF8.', pg_encoding_to_char(d.encoding))
FROM pg_database AS d
WHERE d.datname = current_database() AND pg_encoding_to_char(d.encoding) <> 'UTF8'

-- name: connections
-- What others are is told to few, so that whoever has a database counts; superusers have no limits.
WITH used AS (
    SELECT a.usesysid AS role, a.datid AS database
    FROM pg_stat_activity AS a
    WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.datid IS NOT NULL
),
own AS (
    SELECT r.oid, r.rolname, r.rolconnlimit, r.rolsuper FROM pg_roles AS r WHERE r.rolname = session_user
),
reserved AS (
    SELECT sum(s.setting::INT) AS connections
    FROM pg_settings AS s
    WHERE s.name IN ('superuser_reserved_connections', 'reserved_connections')
)
SELECT format('Only %%s connections are left%%s, and a conversion takes six; %%s',
              greatest(l.most - l.taken, 0), l.whose, l.way_out) AS sentence
FROM (
    SELECT current_setting('max_connections')::INT - reserved.connections AS most,
           (SELECT count(*) FROM used) AS taken,
           '' AS whose,
           'end some, or raise max_connections.' AS way_out
    FROM reserved
    UNION ALL
    SELECT own.rolconnlimit,
           (SELECT count(*) FROM used WHERE used.role = own.oid),
           format(' to the role %%I', own.rolname),
           format('end some, or ALTER ROLE %%I CONNECTION LIMIT -1', own.rolname)
    FROM own
    WHERE own.rolconnlimit >= 0 AND NOT own.rolsuper
    UNION ALL
    SELECT d.datconnlimit,
           (SELECT count(*) FROM used WHERE used.database = d.oid),
           format(' to the database %%I', d.datname),
           format('end some, or ALTER DATABASE %%I CONNECTION LIMIT -1', d.datname)
    FROM own, pg_database AS d
    WHERE d.datname = current_database() AND d.datconnlimit >= 0 AND NOT own.rolsuper
) AS l
WHERE l.most - l.taken < 6

-- name: schemas
-- The toolkit's schemas hold nothing that is not its own. At no revision they are not there at all: the
-- way back would take them along; but a way back before 0.3.0 left an empty archive.
SELECT format('The schema %%I is there and is not the toolkit''s, which needs the name: '
              'ALTER SCHEMA %%I RENAME TO another_name', n.nspname, n.nspname) AS sentence
FROM pg_namespace AS n
WHERE (
    %(is_new)s
    AND n.nspname IN ('live_edge', 'archive', 'timescale_engine')
    OR n.nspname IN ('oi_convert', 'oi_convert_new', 'oi_convert_old')
    AND NOT EXISTS (
        SELECT
        FROM pg_attribute AS a
        WHERE a.attrelid = to_regclass('oi_convert.conversion') AND a.attname = 'blueprint'
    )
)
  AND (
      n.nspname IN ('live_edge', 'timescale_engine')
      OR EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = n.oid)
      OR EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid)
      OR EXISTS (SELECT FROM pg_type AS t WHERE t.typnamespace = n.oid)
  )
ORDER BY n.nspname

-- name: names
-- Relations, functions and types of public that bear a name which a later revision gives.
SELECT format('public.%%I has a name that is needed here: rename it.', c.relname) AS sentence
FROM pg_class AS c
WHERE c.relnamespace = 'public'::REGNAMESPACE AND c.relname = ANY (%(names)s)
UNION
SELECT format('public.%%I has a name that is needed here: rename it.', t.typname)
FROM pg_type AS t
WHERE t.typnamespace = 'public'::REGNAMESPACE AND t.typname = ANY (%(names)s)
UNION
SELECT format('public.%%s has a name that is needed here: rename it.', p.oid::REGPROCEDURE)
FROM pg_proc AS p
WHERE p.pronamespace = 'public'::REGNAMESPACE AND p.proname = 'market_now'
ORDER BY 1

-- name: publications
-- A chunk is a table that no subscriber has, and a new table without a key cannot publish updates.
SELECT format('The publication %%I covers every table of %%s, and chunks and new tables cannot be '
              'replicated so; make one that names the tables it is for: DROP PUBLICATION %%I',
              p.pubname,
              CASE WHEN p.puballtables THEN 'the database' ELSE 'the schema public' END,
              p.pubname) AS sentence
FROM pg_publication AS p
WHERE p.puballtables
   OR EXISTS (
       SELECT
       FROM pg_publication_namespace AS n
       WHERE n.pnpubid = p.oid AND n.pnnspid = 'public'::REGNAMESPACE
   )
ORDER BY p.pubname

-- name: published
SELECT format('The publication %%I names it, and its subscriber stops at the first chunk, which it '
              'does not have, while its slot keeps WAL: ALTER PUBLICATION %%I DROP TABLE %%s, and '
              'drop the slot.', p.pubname, p.pubname, %(oid)s::BIGINT::OID::REGCLASS) AS sentence
FROM pg_publication_rel AS r
JOIN pg_publication AS p ON p.oid = r.prpubid
WHERE r.prrelid = %(oid)s

-- name: held
-- A prepared transaction has no session that could end: it holds its locks until somebody decides.
SELECT format('The prepared transaction %%L holds a lock on it: COMMIT PREPARED %%L or ROLLBACK '
              'PREPARED %%L', x.gid, x.gid, x.gid) AS sentence
FROM pg_locks AS l
JOIN pg_locks AS own
  ON own.virtualtransaction = l.virtualtransaction
 AND own.pid IS NULL
 AND own.locktype = 'transactionid'
JOIN pg_prepared_xacts AS x ON x.transaction = own.transactionid
WHERE l.relation = %(oid)s
  AND l.pid IS NULL
  AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())

-- name: columnstore
-- Community refuses a columnstore on a table whose trigger sees what was deleted.
SELECT format('The trigger %%I sees deleted rows as a table, which the columnstore does not allow; '
              'drop it, or make it FOR EACH ROW.', t.tgname) AS sentence
FROM pg_trigger AS t
WHERE t.tgrelid = %(oid)s
  AND NOT t.tgisinternal
  AND t.tgtype & 9 = 8
  AND t.tgoldtable IS NOT NULL
  AND current_setting('timescaledb.license', true) <> 'apache'

-- name: hanging
-- What its owner built on what a way down takes away.
WITH going AS (
    SELECT c.oid
    FROM pg_class AS c
    WHERE c.relkind IN ('r', 'v', 'm')
      AND (
          c.relnamespace = 'public'::REGNAMESPACE AND c.relname = ANY (%(names)s)
          OR c.relnamespace = to_regnamespace('archive')
      )
),
ours AS (
    SELECT n.oid
    FROM pg_namespace AS n
    WHERE n.nspname IN ('timescale_engine', 'live_edge', 'archive', 'oi_convert')
       OR n.nspname LIKE '\_timescaledb\_%%'
)
SELECT DISTINCT format('%%s depends on %%s, which goes: drop it, and make it again afterwards without.',
                       initcap(left(h.label, 1)) || substr(h.label, 2), d.refobjid::REGCLASS) AS sentence
FROM pg_depend AS d
LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::REGCLASS AND r.oid = d.objid
LEFT JOIN pg_class AS v ON v.oid = r.ev_class
LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::REGCLASS AND k.oid = d.objid
LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::REGCLASS AND p.oid = d.objid
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN v.oid IS NOT NULL THEN pg_describe_object('pg_class'::REGCLASS, v.oid, 0)
        ELSE pg_describe_object(d.classid, d.objid, d.objsubid)
    END AS label
) AS h
WHERE d.refclassid = 'pg_class'::REGCLASS
  AND d.refobjid IN (SELECT g.oid FROM going AS g)
  AND d.deptype = 'n'
  AND (
      v.oid IS NOT NULL
      AND v.oid NOT IN (SELECT g.oid FROM going AS g)
      AND v.relnamespace NOT IN (SELECT o.oid FROM ours AS o)
      OR k.contype = 'f' AND k.conrelid NOT IN (SELECT g.oid FROM going AS g)
      AND (SELECT c.relnamespace FROM pg_class AS c WHERE c.oid = k.conrelid)
          NOT IN (SELECT o.oid FROM ours AS o)
      OR p.oid IS NOT NULL AND p.pronamespace NOT IN (SELECT o.oid FROM ours AS o)
  )
ORDER BY 1

-- name: aggregates
-- Continuous aggregates that a way down removes by itself.
SELECT timescale_engine.full_name(r.relation) AS sentence
FROM timescale_engine.rollup AS r
