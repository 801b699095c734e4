-- What a conversion leaves in the database while it lasts, so that any run can continue any other.

CREATE SCHEMA IF NOT EXISTS oi_convert;

-- the table that is being made, and after the swap the one that was replaced
CREATE SCHEMA IF NOT EXISTS oi_convert_new;
CREATE SCHEMA IF NOT EXISTS oi_convert_old;

CREATE TABLE IF NOT EXISTS oi_convert.conversion (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_schema TEXT NOT NULL,
    table_name TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('to_hypertable', 'to_plain')),
    phase TEXT NOT NULL,
    request JSONB NOT NULL,
    blueprint JSONB NOT NULL,
    fingerprint JSONB,
    throttle JSONB NOT NULL DEFAULT '{}',
    paused BOOLEAN NOT NULL DEFAULT false,
    hold_swap BOOLEAN NOT NULL DEFAULT false,
    rehearsal BOOLEAN NOT NULL DEFAULT false,
    place TEXT NOT NULL DEFAULT '',
    started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    swapped_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);

DO $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM pg_attribute
        WHERE attrelid = 'oi_convert.conversion'::REGCLASS AND attname = 'fingerprint'
    ) THEN
        ALTER TABLE oi_convert.conversion ADD COLUMN fingerprint JSONB;
    END IF;
    IF NOT EXISTS (
        SELECT
        FROM pg_attribute
        WHERE attrelid = 'oi_convert.conversion'::REGCLASS AND attname = 'place'
    ) THEN
        ALTER TABLE oi_convert.conversion ADD COLUMN place TEXT NOT NULL DEFAULT '';
    END IF;
END
$$;

CREATE UNIQUE INDEX IF NOT EXISTS conversion_open_key
    ON oi_convert.conversion (table_schema, table_name)
    WHERE ended_at IS NULL;

-- one window of time each; claimed with FOR UPDATE SKIP LOCKED, marked in the copy's transaction.
-- The compared ranges touch each other and reach both infinities: no row is in none of them.
CREATE TABLE IF NOT EXISTS oi_convert.task (
    conversion_id BIGINT NOT NULL REFERENCES oi_convert.conversion ON DELETE CASCADE,
    number INTEGER NOT NULL,
    range_start TEXT NOT NULL,
    range_end TEXT NOT NULL,
    compared_start TEXT NOT NULL,
    compared_end TEXT NOT NULL,
    copied_rows BIGINT,
    copied_at TIMESTAMPTZ,
    verified_at TIMESTAMPTZ,
    checksum NUMERIC,
    PRIMARY KEY (conversion_id, number)
);

-- the audit trail: every step with its time
CREATE TABLE IF NOT EXISTS oi_convert.event (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversion_id BIGINT REFERENCES oi_convert.conversion ON DELETE CASCADE,
    happened_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    step TEXT NOT NULL,
    detail JSONB NOT NULL DEFAULT '{}'
);

-- rows that cannot be in the new table, whole, with the reason; `key` is the natural key's values
CREATE TABLE IF NOT EXISTS oi_convert.quarantine (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversion_id BIGINT NOT NULL,
    table_name TEXT NOT NULL,
    quarantined_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    reason TEXT NOT NULL,
    key JSONB NOT NULL,
    row JSONB NOT NULL
);

CREATE INDEX IF NOT EXISTS quarantine_key_idx ON oi_convert.quarantine (conversion_id, key);

-- Places rows one by one where a statement over all of them failed; what cannot be placed is
-- quarantined with PostgreSQL's own reason. `selection` is a condition on the alias s.
CREATE OR REPLACE FUNCTION oi_convert.place_singly(
    conversion BIGINT,
    source REGCLASS,
    mirror REGCLASS,
    column_names TEXT[],
    key_names TEXT[],
    selection TEXT
) RETURNS BIGINT
LANGUAGE plpgsql
AS $function$
DECLARE
    candidate RECORD;
    placed BIGINT := 0;
    column_list TEXT := (SELECT string_agg(format('%I', c), ', ') FROM unnest(column_names) c);
    value_list TEXT := (SELECT string_agg(format('($1).%I', c), ', ') FROM unnest(column_names) c);
    key_list TEXT := (SELECT string_agg(format('s.%I', k), ', ') FROM unnest(key_names) k);
BEGIN
    FOR candidate IN EXECUTE format(
        'SELECT s AS whole, jsonb_build_array(%s) AS key FROM %s s WHERE %s',
        key_list, source, selection
    ) LOOP
        BEGIN
            EXECUTE format('INSERT INTO %s (%s) SELECT %s', mirror, column_list, value_list)
            USING candidate.whole;
            placed := placed + 1;
        EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
            INSERT INTO oi_convert.quarantine (conversion_id, table_name, reason, key, row)
            VALUES (conversion, source::TEXT, SQLERRM, candidate.key, to_jsonb(candidate.whole));
        END;
    END LOOP;
    RETURN placed;
END
$function$;

-- Gives a table that is plain again what was quarantined when it became a hypertable; what its keys
-- and checks refuse stays in quarantine.
CREATE OR REPLACE FUNCTION oi_convert.bring_back(schema_name TEXT, relation_name TEXT) RETURNS BIGINT
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    target TEXT := format('%I.%I', schema_name, relation_name);
    column_list TEXT := (
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
        FROM pg_attribute
        WHERE attrelid = target::REGCLASS AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    );
    kept RECORD;
    brought BIGINT := 0;
BEGIN
    FOR kept IN
        SELECT q.id, q.row
        FROM oi_convert.quarantine q
        JOIN oi_convert.conversion c ON c.id = q.conversion_id
        WHERE c.table_schema = schema_name
          AND c.table_name = relation_name
          AND c.direction = 'to_hypertable'
          AND c.phase = 'finished'
        ORDER BY q.id
    LOOP
        BEGIN
            EXECUTE format(
                'INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM jsonb_populate_record(NULL::%s, $1)',
                target, column_list, column_list, target
            ) USING kept.row;
            DELETE FROM oi_convert.quarantine WHERE id = kept.id;
            brought := brought + 1;
        EXCEPTION WHEN integrity_constraint_violation THEN
            NULL; -- another row has its key by now, or a check forbids it
        END;
    END LOOP;
    RETURN brought;
END
$function$;
