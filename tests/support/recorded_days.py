"""Three days of simulated NSE chains in a database, as the collector writes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine

from app.cache import Cache
from app.chains.newest import read_state
from app.chains.past.replay import Past
from app.chains.state import Chain
from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from app.feeds.simulate.feed import snapshot_at
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.clock import IST

SEED = 7
# the second and the third are of one expiry
TUESDAY, WEDNESDAY, THURSDAY = date(2026, 8, 4), date(2026, 8, 5), date(2026, 8, 6)
# of the second day: a gap, all spans of changes, the auction
TIMES = (
    (TUESDAY, ("15:00:00", "15:39:30")),
    (WEDNESDAY, ("09:15:00", "09:15:30", "09:20:00", "09:45:00", "09:45:30", "15:25:00")),
    (THURSDAY, ("09:15:00", "09:18:00")),
)


def at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=IST)


@dataclass
class Recorded:
    """A database with what was live at each of its instants."""

    engine: Engine
    live: dict[datetime, Chain] = field(default_factory=dict)

    @contextmanager
    def history(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    @property
    def past(self) -> Past:
        return Past(self, Cache())

    def read(self, moment: datetime, past: Past | None = None) -> dict[str, Any]:
        """What a page is sent that asks for a moment."""
        asked = past or self.past
        message: dict[str, Any] = orjson.loads(asked.body(asked.moment("NSE", moment)).body)
        return message


@contextmanager
def recording(url: URL) -> Iterator[Recorded]:
    """Three days of simulated NSE chains, written as the collector writes them."""
    engine = engine_for(url)
    made, memory = Recorded(engine), Memory()
    for day, clocks in TIMES:
        for clock in clocks:
            given = snapshot_at(SEED, "NSE", at(day, clock))
            with engine.begin() as connection:
                write_snapshot(connection, enriched(given, memory))
            memory.remember(moment_of(given))
            with engine.connect() as connection:
                made.live[given.timestamp] = read_state(connection, "NSE").chain
    yield made
    engine.dispose()
