Statements of an import. A stage holds the rows of one transaction.

-- name: alone
-- Who imports into the same table waits, and then sees what the first one has stored.
SELECT
    set_config('statement_timeout', '0', true) AS statement_timeout,
    pg_advisory_xact_lock(hashtext('import'), hashtext({table})) AS locked;

-- name: open_stage
CREATE TEMPORARY TABLE staged_import ON COMMIT DROP AS
SELECT {columns} FROM {target} WITH NO DATA;

-- name: fill_stage
COPY pg_temp.staged_import ({columns}) FROM STDIN;

-- name: add_by_key
INSERT INTO {target} ({columns})
SELECT {columns} FROM pg_temp.staged_import
ON CONFLICT DO NOTHING;

-- name: add_by_key_unless_archived
-- The window holds the archive's chunks down to those that matter.
INSERT INTO {target} ({columns})
SELECT {columns}
FROM pg_temp.staged_import AS staged
WHERE NOT EXISTS (
    SELECT
    FROM {archive} AS archived
    WHERE archived.{instant} >= {first}
      AND archived.{instant} <= {last}
      AND ({archived_key}) = ({staged_key})
)
ON CONFLICT DO NOTHING;

-- name: add_unless_equal
-- Without a natural key a row is its values; EXCEPT takes unknown ones for equal.
INSERT INTO {target} ({columns})
SELECT {columns}
FROM pg_temp.staged_import
EXCEPT
SELECT {columns}
FROM {target}
WHERE {instant} >= {first}
  AND {instant} <= {last};
