-- name: found
-- The indexes of one table, each taken apart into what CREATE INDEX would be given. An operator
-- class that is its type's default, an ascending order and the column's own collation are left out.
-- https://www.postgresql.org/docs/current/catalog-pg-index.html
SELECT c.relname AS name,
       i.indisunique AS is_unique,
       i.indisvalid AND i.indisready AS is_valid,
       k.conname IS NOT NULL AS is_constraint,
       m.amname AS method,
       i.indnullsnotdistinct AS nulls_not_distinct,
       pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
       c.reloptions AS options,
       ARRAY(
         SELECT pg_get_indexdef(i.indexrelid, p.position, true)
           || CASE
                WHEN l.oid IS NULL THEN ''
                ELSE format(' COLLATE %I', l.collname)
              END
           || CASE
                WHEN o.opcdefault AND x.attoptions IS NULL THEN ''
                ELSE format(' %I', o.opcname)
              END
           || coalesce(' (' || array_to_string(x.attoptions, ', ') || ')', '')
           || CASE i.indoption[p.position - 1] & 3
                WHEN 1 THEN ' DESC NULLS LAST'
                WHEN 2 THEN ' NULLS FIRST'
                WHEN 3 THEN ' DESC'
                ELSE ''
              END
         FROM generate_series(1, i.indnkeyatts::int) AS p (position)
         JOIN pg_opclass AS o ON o.oid = i.indclass[p.position - 1]
         JOIN pg_attribute AS x ON x.attrelid = i.indexrelid AND x.attnum = p.position
         LEFT JOIN pg_attribute AS a
           ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p.position - 1] AND a.attnum > 0
         LEFT JOIN pg_collation AS l
           ON l.oid = i.indcollation[p.position - 1]
          AND l.oid <> coalesce(nullif(a.attcollation, 0), 'pg_catalog."default"'::regcollation)
         ORDER BY p.position
       ) AS columns,
       ARRAY(
         SELECT pg_get_indexdef(i.indexrelid, p.position, true)
         FROM generate_series(i.indnkeyatts + 1, i.indnatts::int) AS p (position)
         ORDER BY p.position
       ) AS include
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = to_regclass(:relation)
ORDER BY c.relname;

-- name: columns
-- What makes an empty copy of a table to try definitions on. From the catalog: LIKE would lock it.
SELECT string_agg(
         format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
           || CASE WHEN l.oid IS NULL THEN '' ELSE format(' COLLATE %I.%I', s.nspname, l.collname) END,
         ', ' ORDER BY a.attnum
       ) AS columns
FROM pg_attribute AS a
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_collation AS l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_namespace AS s ON s.oid = l.collnamespace
WHERE a.attrelid = to_regclass(:relation) AND a.attnum > 0 AND NOT a.attisdropped;

-- name: copy
-- It is rolled back.
CREATE TEMPORARY TABLE {copy} ({columns});
