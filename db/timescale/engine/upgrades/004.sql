-- Rows of archives, whole, that newer ones of their key have taken the place of.
CREATE TABLE IF NOT EXISTS timescale_engine.superseded (
    target text NOT NULL,
    superseded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    "row" jsonb NOT NULL
);
-- It takes its bounds one by one since.
DROP FUNCTION IF EXISTS timescale_engine.restore_span(regclass, text, text, text);
