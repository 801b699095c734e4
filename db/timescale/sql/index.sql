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

-- name: copy
-- A table to try a definition on: it is rolled back.
CREATE TEMPORARY TABLE {copy} (LIKE {table} INCLUDING GENERATED);
