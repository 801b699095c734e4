-- The hash of the scripts that made this engine.
ALTER TABLE timescale_engine.version ADD COLUMN IF NOT EXISTS scripts text;
