"""A local TimescaleDB, found or unpacked, that leaves the system as it is."""

from db.server.cluster import LocalServer, Status
from db.server.urls import database_url, local_server

__all__ = ["LocalServer", "Status", "database_url", "local_server"]
