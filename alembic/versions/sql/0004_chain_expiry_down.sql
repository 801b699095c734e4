ALTER TABLE option_chain_snapshots DROP COLUMN IF EXISTS expiry;
