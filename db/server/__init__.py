"""A local TimescaleDB, found or unpacked, that leaves the system as it is."""

from db.server.cluster import LocalServer, Status
from db.server.urls import local_server, url

__all__ = ["LocalServer", "Status", "local_server", "url"]
