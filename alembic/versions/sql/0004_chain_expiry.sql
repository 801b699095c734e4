ALTER TABLE option_chain_snapshots ADD COLUMN IF NOT EXISTS expiry date;
