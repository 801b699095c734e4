"""Writing: snapshots, the live edge between them, and history in bulk.

Every function works in the caller's transaction; what it wrote is announced when that commits.
"""

from db.ingest.history import add_history, load_history
from db.ingest.live import write_live_edge, write_snapshot

__all__ = ["add_history", "load_history", "write_live_edge", "write_snapshot"]
