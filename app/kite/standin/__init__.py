"""A stand-in for Kite Connect: the broker's HTTP and WebSocket on a simulated market."""

from app.kite.standin.faults import Fault
from app.kite.standin.server import StandIn

__all__ = ["Fault", "StandIn"]
