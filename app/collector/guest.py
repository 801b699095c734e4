"""How a recording is written: beside live collectors, never over what one of them leads."""

from collections.abc import Iterable, Mapping
from functools import partial

from sqlalchemy import Connection

from app.collector.outbox import Waiting
from app.collector.storing import Outcome, written
from db.errors import OIError


class OccupiedError(OIError):
    """A recording is to be played over what a live collector writes."""


class Guest:
    """A recording's way: it asks for no lease, and writes no chain that a live collector leads."""

    holder = ""

    def due(self, heard: Mapping[str, float]) -> Iterable[str]:
        """None: a recording never leads."""
        return ()

    def ask(self, connection: Connection, exchange: str) -> int | None:
        """Never asked."""
        return None

    def learn(self, exchange: str, term: int | None) -> bool:
        """Never told."""
        return True

    def leads(self, exchange: str) -> bool:
        """Whatever the recording holds may be tried."""
        return True

    def fence(self, connection: Connection, exchange: str) -> None:
        """Raise OccupiedError for a chain that a live collector writes."""
        from db.ingest.leases import leader

        found = leader(connection, exchange)
        if found is not None:
            raise OccupiedError(
                f"A live collector ({found}) writes {exchange}; "
                "stop it before a recording is played over that chain."
            )

    def store(self, connection: Connection, waiting: Waiting) -> Outcome:
        """Write it, unless a live collector writes the chain."""
        fence = partial(self.fence, exchange=waiting.snapshot.exchange)
        return written(connection, waiting.snapshot, fence)

    def leave(self, connection: Connection) -> None:
        """There is nothing to let go of."""
