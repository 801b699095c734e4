"""The names of all workloads, for a command line that must not load them to list them."""

NAMES = (
    "latest_chain",
    "latest_chains",
    "oi_changes",
    "oi_by_strike",
    "pcr_now",
    "max_pain",
    "chain_as_of",
    "snapshot_at",
    "window_40m",
    "contract_day",
    "contract_bars",
    "pcr_minutes",
    "pcr_five_minutes",
    "pcr_days",
    "legacy_save_lookup",
    "legacy_training_frame",
)
