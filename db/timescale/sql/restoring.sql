-- name: restore
SELECT s.next_from AS next_from,
       s.restored AS restored
FROM timescale_engine.restore_archive({target}, {config}, {since}, 'infinity') AS s;

-- name: empty
-- The argument of CALL may be no subquery.
DO $do$
DECLARE
  archived text := {target};
BEGIN
  CALL timescale_engine.empty_archive(archived, {config});
END
$do$;

-- name: dissolve
SELECT timescale_engine.dissolve_archive({target}, {config});
