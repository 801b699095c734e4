-- The tables of the rollup engine. Everything here may be run again at any time.

CREATE SCHEMA IF NOT EXISTS timescale_engine;

CREATE TABLE IF NOT EXISTS timescale_engine.version (
    version integer NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT now()
);

-- A table whose changes are logged for the rollups above it: a hypertable of the user's, or the
-- materialized hypertable of another rollup. `zoned` says that its time is timestamptz.
CREATE TABLE IF NOT EXISTS timescale_engine.source (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation regclass NOT NULL UNIQUE,
    time_column name NOT NULL,
    zoned boolean NOT NULL
);

-- One row a rollup, native continuous aggregates included (they leave the engine's columns empty).
-- Times are naive; those of a timestamptz source are its instants in UTC, so that one type and one
-- bucket origin serve both.
--   relation    the view that readers name
--   spec        what was declared, without its policies
--   definition  what the server made of it, as the catalog prints it
--   watermark   start of the first bucket that reads take from the source
--   frozen      buckets whose source rows were dropped: never aggregated again
--   is_marked   whether the rows the source held when the rollup was made are in the log
--   batch       how much history one refresh step takes, a multiple of the bucket
CREATE TABLE IF NOT EXISTS timescale_engine.rollup (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation regclass NOT NULL UNIQUE,
    spec jsonb NOT NULL,
    definition text NOT NULL,
    native boolean NOT NULL,
    bucket interval NOT NULL,
    zoned boolean NOT NULL,
    parent integer REFERENCES timescale_engine.rollup,
    source_id integer REFERENCES timescale_engine.source,
    materialized regclass,
    aggregated regclass,
    batch interval,
    watermark timestamp NOT NULL DEFAULT '-infinity',
    frozen tsmultirange NOT NULL DEFAULT '{}',
    is_marked boolean NOT NULL DEFAULT false,
    refreshed_at timestamptz
);

-- Buckets touched since they were last aggregated; writers only append. No foreign key: the
-- check would cost every write a look-up and a row lock on the registry.
CREATE TABLE IF NOT EXISTS timescale_engine.dirty_range (
    rollup_id integer NOT NULL,
    span tsrange NOT NULL
);

-- IF NOT EXISTS would lock out writers until the installation commits, and first of all: what comes
-- after it may want a lock that one of them holds.
DO $$
BEGIN
    IF to_regclass('timescale_engine.dirty_range_rollup') IS NULL THEN
        CREATE INDEX dirty_range_rollup ON timescale_engine.dirty_range (rollup_id);
    END IF;
END
$$;

-- Chunks of the source as the last refresh saw them, by name, which a dump and restore keeps. One
-- that is missing was dropped (drop_chunks and TRUNCATE fire no trigger that could say so).
CREATE TABLE IF NOT EXISTS timescale_engine.source_chunk (
    rollup_id integer NOT NULL REFERENCES timescale_engine.rollup ON DELETE CASCADE,
    chunk text NOT NULL,
    span tsrange NOT NULL,
    PRIMARY KEY (rollup_id, chunk)
);

-- Policies that timescale_engine.run_due_policies() runs, where the server does not run them itself.
-- `target` is a relation as its quoted schema.name.
CREATE TABLE IF NOT EXISTS timescale_engine.policy (
    kind text NOT NULL,
    target text NOT NULL,
    config jsonb NOT NULL DEFAULT '{}',
    schedule_interval interval NOT NULL,
    next_run timestamptz NOT NULL DEFAULT now(),
    last_run timestamptz,
    last_duration_ms double precision,
    last_status text CHECK (last_status IN ('running', 'ok', 'error')),
    last_error text,
    PRIMARY KEY (kind, target)
);

-- What was declared but this edition cannot do, so that comparison and status know about it.
CREATE TABLE IF NOT EXISTS timescale_engine.skipped (
    feature text NOT NULL,
    target text NOT NULL,
    definition jsonb NOT NULL DEFAULT '{}',
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (feature, target)
);
