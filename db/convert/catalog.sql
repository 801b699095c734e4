What the catalog knows of one table; `%(oid)s` is its pg_class.oid.

-- name: resolve
SELECT c.oid::BIGINT AS oid
FROM pg_class c
WHERE c.oid = to_regclass(%(name)s)

-- name: facts
SELECT c.oid::BIGINT AS oid,
       n.nspname AS schema,
       c.relname AS name,
       c.relkind::TEXT AS kind,
       greatest(
           c.reltuples,
           (
               SELECT sum(greatest(child.reltuples, 0))
               FROM pg_inherits h
               JOIN pg_class child ON child.oid = h.inhrelid
               WHERE h.inhparent = c.oid
           ),
           0
       )::BIGINT AS estimated_rows,
       c.relreplident::TEXT AS replica_identity,
       c.relrowsecurity AS has_row_security,
       c.relhasrules AND c.relkind = 'r' AS has_rules,
       coalesce(c.reloptions, '{}') AS storage_options,
       obj_description(c.oid, 'pg_class') AS comment,
       pg_get_userbyid(c.relowner) AS owner,
       h.id IS NOT NULL AS is_hypertable,
       h.id AS hypertable_id,
       h.id IS NULL AND EXISTS (
           SELECT
           FROM pg_inherits i
           WHERE c.oid IN (i.inhparent, i.inhrelid)
       ) AS is_inherited
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN _timescaledb_catalog.hypertable h
    ON h.schema_name = n.nspname AND h.table_name = c.relname
WHERE c.oid = %(oid)s

-- name: columns
SELECT a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS is_required,
       a.attgenerated <> '' AS is_generated,
       a.attidentity <> '' AS is_identity,
       NOT EXISTS (
           SELECT
           FROM pg_opclass o
           JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'hash'
           WHERE o.opcdefault
             AND o.opcintype = a.atttypid
       ) AS is_unhashable,
       t.typsend <> 0 AND t.typreceive <> 0 AS is_binary,
       pg_get_expr(d.adbin, d.adrelid) AS default_expression,
       col_description(a.attrelid, a.attnum) AS comment,
       nullif(a.attstattarget, -1) AS statistics_target
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''
WHERE a.attrelid = %(oid)s
  AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY a.attnum

-- name: indexes
SELECT ic.relname AS name,
       i.indisunique AS is_unique,
       i.indisvalid AS is_valid,
       i.indpred IS NULL AND i.indexprs IS NULL AS is_whole,
       pg_get_indexdef(i.indexrelid) AS definition,
       co.contype::TEXT AS constraint_type,
       pg_get_constraintdef(co.oid) AS constraint_definition,
       i.indisreplident AS is_replica_identity,
       array(
           SELECT a.attname::TEXT
           FROM unnest(i.indkey::INT2[]) WITH ORDINALITY k (attnum, position)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
           WHERE k.position <= i.indnkeyatts
           ORDER BY k.position
       ) AS columns
FROM pg_index i
JOIN pg_class ic ON ic.oid = i.indexrelid
LEFT JOIN pg_constraint co ON co.conindid = i.indexrelid AND co.contype IN ('p', 'u', 'x')
                          AND co.conrelid = i.indrelid
WHERE i.indrelid = %(oid)s
ORDER BY i.indisunique DESC, ic.relname

-- name: outgoing_keys
SELECT co.conname AS name,
       pg_get_constraintdef(co.oid) AS definition
FROM pg_constraint co
WHERE co.conrelid = %(oid)s
  AND co.contype = 'f'

-- name: incoming_keys
SELECT format('%%s on %%s', co.conname, co.conrelid::REGCLASS) AS label
FROM pg_constraint co
WHERE co.confrelid = %(oid)s
  AND co.contype = 'f'
  AND co.conrelid <> %(oid)s

-- name: triggers
SELECT t.tgname AS name,
       pg_get_triggerdef(t.oid) AS definition,
       pn.nspname AS function_schema,
       t.tgenabled::TEXT AS enabled
FROM pg_trigger t
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE t.tgrelid = %(oid)s
  AND NOT t.tgisinternal
  AND pn.nspname NOT IN ('_timescaledb_functions', '_timescaledb_internal')
ORDER BY t.tgname

-- name: views
SELECT DISTINCT v.oid::BIGINT AS oid,
       n.nspname AS schema,
       v.relname AS name,
       v.relkind::TEXT AS kind,
       coalesce(v.reloptions, '{}') AS options,
       pg_get_viewdef(v.oid) AS definition
FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class
JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE d.classid = 'pg_rewrite'::REGCLASS
  AND d.refclassid = 'pg_class'::REGCLASS
  AND d.refobjid = %(oid)s
  AND v.oid <> %(oid)s
ORDER BY v.relname

-- name: dependents
-- What hangs on a table and can neither be carried along nor left where it is: rules and policies of
-- other tables, views that group by its key or show its row type, columns of that type, publications
-- that name columns of it.
SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS label
FROM pg_depend d
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::REGCLASS AND r.oid = d.objid
LEFT JOIN pg_class v ON v.oid = r.ev_class
LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::REGCLASS AND k.oid = d.objid
WHERE d.deptype = 'n'
  AND (
      d.refclassid = 'pg_class'::REGCLASS
      AND d.refobjid = %(oid)s
      AND v.relkind IS DISTINCT FROM 'v'
      OR d.refclassid = 'pg_type'::REGCLASS
      AND d.refobjid IN (
          SELECT t.oid
          FROM pg_type t
          JOIN pg_type row_type ON t.oid IN (row_type.oid, row_type.typarray)
          WHERE row_type.typrelid = %(oid)s
      )
      OR d.refclassid = 'pg_constraint'::REGCLASS
      AND d.refobjid IN (SELECT c.oid FROM pg_constraint c WHERE c.conrelid = %(oid)s)
  )
  -- these have sentences of their own
  AND v.relkind IS DISTINCT FROM 'm'
  AND d.classid <> 'pg_proc'::REGCLASS
  AND (k.oid IS NULL OR k.conrelid = %(oid)s AND k.contype = 'f')
  -- what is its own
  AND NOT (d.classid = 'pg_trigger'::REGCLASS AND EXISTS (
      SELECT FROM pg_trigger t WHERE t.oid = d.objid AND t.tgrelid = %(oid)s
  ))
  AND NOT (d.classid = 'pg_class'::REGCLASS AND EXISTS (
      SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid AND i.inhparent = %(oid)s
  ))
  AND NOT (d.classid = 'pg_attrdef'::REGCLASS AND EXISTS (
      SELECT FROM pg_attrdef g WHERE g.oid = d.objid AND g.adrelid = %(oid)s
  ))
  AND v.oid IS DISTINCT FROM %(oid)s
ORDER BY 1

-- name: peculiarities
-- What a hypertable, or its conversion, would not keep of a table, each in a sentence.
SELECT 'It is unlogged; set it LOGGED first.' AS label
FROM pg_class c
WHERE c.oid = %(oid)s
  AND c.relpersistence = 'u'
UNION ALL
SELECT format('It lies in the tablespace %%s; move it to the default one.', s.spcname)
FROM pg_class c
JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE c.oid = %(oid)s
UNION ALL
SELECT format('The trigger %%s fires on replicas or always, which is not carried along; drop it.',
              t.tgname)
FROM pg_trigger t
WHERE t.tgrelid = %(oid)s
  AND NOT t.tgisinternal
  AND t.tgenabled IN ('A', 'R')
  AND t.tgname NOT LIKE 'oi\_convert\_%%'
UNION ALL
SELECT format('The trigger %%s is one of a row and reads a transition table, which a hypertable does '
              'not have; make it FOR EACH STATEMENT.', t.tgname)
FROM pg_trigger t
WHERE t.tgrelid = %(oid)s
  AND NOT t.tgisinternal
  AND t.tgtype & 1 = 1
  AND (t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL)
UNION ALL
SELECT format('The constraint trigger %%s cannot be one of a hypertable; make it an ordinary one.',
              t.tgname)
FROM pg_trigger t
WHERE t.tgrelid = %(oid)s
  AND NOT t.tgisinternal
  AND t.tgconstraint <> 0
UNION ALL
SELECT format('Extended statistics are kept on it (%%s), which are not carried along; drop them.',
              e.stxname)
FROM pg_statistic_ext e
WHERE e.stxrelid = %(oid)s
UNION ALL
SELECT format('The subscription %%s writes into it, past a hypertable''s chunks; drop the table from '
              'its publication, then refresh the subscription.', s.subname)
FROM pg_subscription_rel r
JOIN pg_stat_subscription s ON s.subid = r.srsubid
WHERE r.srrelid = %(oid)s
  AND s.relid IS NULL

-- name: aggregates
SELECT format('%%I.%%I', ca.user_view_schema, ca.user_view_name) AS label
FROM _timescaledb_catalog.continuous_agg ca
WHERE ca.raw_hypertable_id = %(hypertable_id)s

-- name: publications
SELECT p.pubname AS name
FROM pg_publication_rel pr
JOIN pg_publication p ON p.oid = pr.prpubid
WHERE pr.prrelid = %(oid)s
  AND NOT p.puballtables
ORDER BY p.pubname

-- name: functions
SELECT DISTINCT p.oid::REGPROCEDURE::TEXT AS label
FROM pg_depend d
JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::REGCLASS
  AND d.refobjid = ANY (ARRAY[%(oid)s, (SELECT reltype FROM pg_class WHERE oid = %(oid)s)]::OID[])

-- name: table_grants
SELECT CASE acl.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(acl.grantee) END AS grantee,
       acl.privilege_type AS privilege,
       acl.is_grantable
FROM pg_class c,
     LATERAL aclexplode(c.relacl) acl
WHERE c.oid = %(oid)s
  AND acl.grantee <> c.relowner

-- name: column_grants
SELECT a.attname AS column_name,
       CASE acl.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(acl.grantee) END AS grantee,
       acl.privilege_type AS privilege,
       acl.is_grantable
FROM pg_attribute a,
     LATERAL aclexplode(a.attacl) acl
WHERE a.attrelid = %(oid)s
  AND a.attnum > 0

-- name: owned_sequences
SELECT n.nspname AS schema,
       s.relname AS name,
       a.attname AS column_name
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::REGCLASS
  AND d.refclassid = 'pg_class'::REGCLASS
  AND d.refobjid = %(oid)s
  AND d.deptype = 'a'

-- name: sizes
SELECT coalesce(sum(pg_table_size(t.oid)), 0)::BIGINT AS table_bytes,
       coalesce(sum(pg_indexes_size(t.oid)), 0)::BIGINT AS index_bytes
FROM (
    SELECT %(oid)s::OID AS oid
    UNION ALL
    SELECT inhrelid
    FROM pg_inherits
    WHERE inhparent = %(oid)s
) t

-- name: chunk_ranges
SELECT range_start::TEXT AS range_start,
       CASE WHEN range_end < '294247-01-01' THEN range_end::TEXT ELSE 'infinity' END AS range_end,
       greatest(c.reltuples, 0)::BIGINT AS estimated_rows
FROM timescaledb_information.chunks k
JOIN pg_namespace n ON n.nspname = k.chunk_schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = k.chunk_name
WHERE k.hypertable_schema = %(schema)s
  AND k.hypertable_name = %(name)s
  -- beyond are rows at infinity alone, and older versions take no such moment in a condition
  AND k.range_start < '294247-01-01'
ORDER BY k.range_start

-- name: chunks
SELECT n.nspname AS schema,
       c.relname AS name
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.inhparent = %(oid)s
ORDER BY c.oid

-- name: is_chunk_of_range
SELECT EXISTS (
    SELECT
    FROM timescaledb_information.chunks k
    JOIN pg_namespace n ON n.nspname = k.chunk_schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = k.chunk_name
    WHERE c.oid = %(chunk)s::REGCLASS
      AND k.range_start AT TIME ZONE 'UTC' = %(range_start)s::TIMESTAMP
      AND k.range_end AT TIME ZONE 'UTC' = %(range_end)s::TIMESTAMP
) AS is_whole

-- name: has_columnstore
SELECT h.compression_state = 1 AS enabled
FROM _timescaledb_catalog.hypertable h
WHERE h.id = %(hypertable_id)s

-- name: fingerprint
-- What a table is beside its rows, a hash of each part; the conversion's own triggers are left out.
SELECT part,
       md5(coalesce(string_agg(item, E'\n' ORDER BY item), '')) AS hash
FROM (
    SELECT 'columns' AS part,
           concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                     a.attidentity, a.attgenerated, a.attcollation, a.attstattarget, a.attstorage,
                     pg_get_expr(d.adbin, d.adrelid), a.attacl, col_description(c.oid, a.attnum)) AS item
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'constraints', concat_ws(' ', k.conname, pg_get_constraintdef(k.oid), k.convalidated)
    FROM pg_constraint k
    WHERE k.conrelid = %(oid)s OR k.confrelid = %(oid)s
    UNION ALL
    SELECT 'indexes', pg_get_indexdef(i.indexrelid)
    FROM pg_index i
    WHERE i.indrelid = %(oid)s
    UNION ALL
    SELECT 'owner, grants and options',
           concat_ws(' ', c.relowner, c.relacl, c.reloptions, c.relreplident, c.relrowsecurity,
                     c.relforcerowsecurity, c.relpersistence, c.reltablespace,
                     obj_description(c.oid, 'pg_class'))
    FROM pg_class c
    WHERE c.oid = %(oid)s
    UNION ALL
    SELECT 'triggers', concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t
    WHERE t.tgrelid = %(oid)s AND NOT t.tgisinternal AND t.tgname NOT LIKE 'oi\_convert\_%%'
    UNION ALL
    SELECT 'rules and policies', pg_get_ruledef(r.oid)
    FROM pg_rewrite r
    WHERE r.ev_class = %(oid)s
    UNION ALL
    SELECT 'rules and policies',
           concat_ws(' ', p.polname, p.polcmd, p.polroles, p.polqual, p.polwithcheck)
    FROM pg_policy p
    WHERE p.polrelid = %(oid)s
    UNION ALL
    SELECT 'publications', concat_ws(' ', r.prpubid, r.prattrs, r.prqual)
    FROM pg_publication_rel r
    WHERE r.prrelid = %(oid)s
    UNION ALL
    SELECT 'statistics', pg_get_statisticsobjdef(e.oid)
    FROM pg_statistic_ext e
    WHERE e.stxrelid = %(oid)s
    UNION ALL
    SELECT 'views and what else uses it', concat_ws(' ', d.classid, d.objid, v.oid, pg_get_viewdef(v.oid))
    FROM pg_depend d
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::REGCLASS AND r.oid = d.objid
    LEFT JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refclassid = 'pg_class'::REGCLASS
      AND d.refobjid = %(oid)s
      AND d.deptype = 'n'
      AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid)
) parts
GROUP BY part

-- name: news
-- What a table has that the one it replaced has not, or has otherwise: the way back by exchanging both
-- again would lose it.
SELECT 'column ' || a.attname AS label
FROM pg_attribute a
WHERE a.attrelid = %(live)s
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND NOT EXISTS (
      SELECT
      FROM pg_attribute b
      WHERE b.attrelid = %(replaced)s
        AND b.attname = a.attname
        AND NOT b.attisdropped
        AND (b.atttypid, b.atttypmod, b.attcollation, b.attgenerated)
            = (a.atttypid, a.atttypmod, a.attcollation, a.attgenerated)
        AND (b.attnotnull OR NOT a.attnotnull OR a.attname = %(time)s)
        AND coalesce(col_description(b.attrelid, b.attnum), '')
            = coalesce(col_description(a.attrelid, a.attnum), '')
        AND coalesce(b.attacl, '{}') = coalesce(a.attacl, '{}')
  )
UNION ALL
SELECT format('no column %%s', b.attname)
FROM pg_attribute b
WHERE b.attrelid = %(replaced)s
  AND b.attnum > 0
  AND NOT b.attisdropped
  AND NOT EXISTS (
      SELECT
      FROM pg_attribute a
      WHERE a.attrelid = %(live)s AND a.attname = b.attname AND NOT a.attisdropped
  )
UNION ALL
SELECT 'default of ' || a.attname
FROM pg_attribute a
JOIN pg_attribute b ON b.attrelid = %(replaced)s AND b.attname = a.attname AND NOT b.attisdropped
LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
LEFT JOIN pg_attrdef bd ON bd.adrelid = b.attrelid AND bd.adnum = b.attnum
WHERE a.attrelid = %(live)s
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND pg_get_expr(ad.adbin, ad.adrelid) IS DISTINCT FROM pg_get_expr(bd.adbin, bd.adrelid)
  -- the sequence is the table's in use: the other one goes without
  AND coalesce(pg_get_expr(ad.adbin, ad.adrelid), '') NOT LIKE 'nextval(%%'
UNION ALL
SELECT 'constraint ' || c.conname
FROM pg_constraint c
WHERE c.conrelid = %(live)s
  AND c.contype IN ('c', 'f', 'x')
  AND NOT EXISTS (
      SELECT
      FROM pg_constraint d
      WHERE d.conrelid = %(replaced)s
        AND d.conname = c.conname
        AND pg_get_constraintdef(d.oid) = pg_get_constraintdef(c.oid)
  )
UNION ALL
SELECT 'no constraint ' || d.conname
FROM pg_constraint d
WHERE d.conrelid = %(replaced)s
  AND d.contype IN ('c', 'f')
  AND NOT EXISTS (
      SELECT FROM pg_constraint c WHERE c.conrelid = %(live)s AND c.conname = d.conname
  )
UNION ALL
SELECT 'index ' || x.relname
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = %(live)s
  AND x.relname <> ALL (%(known)s)
  AND NOT EXISTS (
      SELECT
      FROM pg_index j
      JOIN pg_class y ON y.oid = j.indexrelid
      WHERE j.indrelid = %(replaced)s
        AND y.relname = x.relname
  )
UNION ALL
SELECT 'trigger ' || t.tgname
FROM pg_trigger t
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = %(live)s
  AND NOT t.tgisinternal
  AND t.tgname NOT LIKE 'oi\_convert\_%%'
  AND p.pronamespace::REGNAMESPACE::TEXT NOT LIKE '\_timescaledb\_%%'
  AND NOT EXISTS (
      SELECT FROM pg_trigger u WHERE u.tgrelid = %(replaced)s AND u.tgname = t.tgname
  )
UNION ALL
SELECT 'row security'
FROM pg_class c
WHERE c.oid = %(live)s
  AND c.relrowsecurity
UNION ALL
SELECT 'policy ' || p.polname
FROM pg_policy p
WHERE p.polrelid = %(live)s
UNION ALL
SELECT 'owner ' || pg_get_userbyid(c.relowner)
FROM pg_class c
JOIN pg_class d ON d.oid = %(replaced)s
WHERE c.oid = %(live)s
  AND c.relowner <> d.relowner
UNION ALL
SELECT 'comment'
WHERE obj_description(%(live)s::BIGINT::OID, 'pg_class')
      IS DISTINCT FROM obj_description(%(replaced)s::BIGINT::OID, 'pg_class')
UNION ALL
SELECT 'rights of ' || CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r.grantee) END
FROM (
    (
        SELECT a.grantee, a.privilege_type, a.is_grantable
        FROM pg_class c, LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        WHERE c.oid = %(live)s
        EXCEPT
        SELECT a.grantee, a.privilege_type, a.is_grantable
        FROM pg_class c, LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        WHERE c.oid = %(replaced)s
    )
    UNION
    (
        SELECT a.grantee, a.privilege_type, a.is_grantable
        FROM pg_class c, LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        WHERE c.oid = %(replaced)s
        EXCEPT
        SELECT a.grantee, a.privilege_type, a.is_grantable
        FROM pg_class c, LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        WHERE c.oid = %(live)s
    )
) r
