"""Somebody else who leads a key, for as long as a test needs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from benchmarks.timing.waiting import beside
from db.ingest.leases import acquire

_RENEW_EVERY_S = 0.5


@contextmanager
def led(engine: Engine, exchange: str, holder: str) -> Iterator[None]:
    """Hold a key's lease, which is free, until the block ends; it runs out by itself then."""

    def renew(ended: threading.Event) -> None:
        while not ended.wait(_RENEW_EVERY_S):
            with engine.begin() as connection:
                acquire(connection, exchange, holder)

    with engine.begin() as connection:
        assert acquire(connection, exchange, holder) is not None
    with beside("leader", renew):
        yield
