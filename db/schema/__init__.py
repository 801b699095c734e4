"""Everything the database should hold, declared once; migrations are generated from it."""

from db.schema import policies as policies
from db.schema import rollups as rollups
from db.schema.alerting import alert_events, alert_looks, alerts
from db.schema.base import metadata
from db.schema.chain import option_chain_snapshots
from db.schema.collecting import collector_leases, feed_states, instruments
from db.schema.legacy import exchange_metadata, training_batches
from db.schema.live_edge import chain_summary, option_chain_latest, snapshot_touched, snapshots
from db.schema.paper import paper_fills, paper_orders, paper_positions
from db.schema.people import site_attempts, site_second_factors, site_sessions, site_users
from db.schema.performance import command_runs, performance_alerts, performance_samples
from db.schema.series import (
    macro_signals,
    ml_features,
    order_book_depth_snapshots,
    paper_trading_metrics,
    vix_term_structure,
)
from db.schema.signals import predictions, signal_latest

__all__ = [
    "alert_events",
    "alert_looks",
    "alerts",
    "chain_summary",
    "collector_leases",
    "command_runs",
    "exchange_metadata",
    "feed_states",
    "instruments",
    "macro_signals",
    "metadata",
    "ml_features",
    "option_chain_latest",
    "option_chain_snapshots",
    "order_book_depth_snapshots",
    "paper_fills",
    "paper_orders",
    "paper_positions",
    "paper_trading_metrics",
    "performance_alerts",
    "performance_samples",
    "predictions",
    "signal_latest",
    "site_attempts",
    "site_second_factors",
    "site_sessions",
    "site_users",
    "snapshot_touched",
    "snapshots",
    "training_batches",
    "vix_term_structure",
]
