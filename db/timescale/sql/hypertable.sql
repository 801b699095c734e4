-- Making hypertables. Slots in braces are filled by sqltext.compose.

-- name: create
-- Every index stays the user's own. Rows that are there move into chunks as if they were inserted, so
-- the owner's triggers on rows step aside meanwhile: they ran when these were written.
-- https://docs.tigerdata.com/api/latest/hypertable/create_hypertable/
DO $do$
DECLARE
  owners record;
  again text[] := '{}';
  command text;
BEGIN
  FOR owners IN
    SELECT t.tgname AS name,
           pg_get_triggerdef(t.oid) AS definition,
           t.tgenabled = 'A' AS is_always
    FROM pg_trigger AS t
    WHERE t.tgrelid = {table} AND NOT t.tgisinternal
      AND t.tgtype & 5 = 5 -- of a row, on INSERT
      AND t.tgenabled IN ('O', 'A')
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', owners.name, {table});
    again := again || owners.definition;
    IF owners.is_always THEN
      again := again || format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', {table}, owners.name);
    END IF;
  END LOOP;
  PERFORM create_hypertable(
    {table},
    by_range({time_column}, {chunk_interval}),
    create_default_indexes => false,
    if_not_exists => true,
    migrate_data => true
  );
  FOREACH command IN ARRAY again LOOP
    EXECUTE command;
  END LOOP;
END
$do$;

-- name: add_dimension
-- https://docs.tigerdata.com/api/latest/hypertable/add_dimension/
SELECT add_dimension({table}, by_hash({column}, {partitions}), if_not_exists => true);

-- name: set_chunk_interval
-- https://docs.tigerdata.com/api/latest/hypertable/set_chunk_time_interval/
SELECT set_chunk_time_interval({table}, {interval});

-- name: add_constraint
-- A constraint that may be there already, after an interrupted run.
DO $do$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_constraint WHERE conrelid = {regclass} AND conname = {literal}
  ) THEN
    ALTER TABLE {table} ADD CONSTRAINT {name} {definition};
  END IF;
END
$do$;

-- name: add_index
-- An index that may be there already, after an interrupted run.
DO $do$
BEGIN
  IF NOT EXISTS (
    SELECT
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = {regclass} AND c.relname = {literal}
  ) THEN
    {definition};
  END IF;
END
$do$;
