"""What a series is made from: the newest state, where history is, and what was asked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.chains.history import History
from app.chains.series.asked import Asked
from app.chains.state import ChainState
from db.market.clock import IST


@dataclass(frozen=True, slots=True)
class Reading:
    """One request for a series."""

    source: History
    state: ChainState
    asked: Asked

    @property
    def exchange(self) -> str:
        """The exchange's key."""
        return self.state.exchange

    @property
    def newest(self) -> datetime | None:
        """The market time of the newest chain; None before the first one."""
        head = self.state.chain.head
        return None if head is None else head.timestamp

    @property
    def day(self) -> date | None:
        """The day that is meant: the one asked for, else the newest chain's."""
        if self.asked.day is not None:
            return self.asked.day
        return None if self.newest is None else self.newest.astimezone(IST).date()

    @property
    def is_closed(self) -> bool:
        """Whether what is meant lies on days before the newest chain's, where nothing changes."""
        if self.newest is None:
            return False
        today = self.newest.astimezone(IST).date()
        if self.asked.at is not None:
            return self.asked.at.date() < today
        return self.asked.day is not None and self.asked.day < today


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day and that of the next one, in market time."""
    start = datetime.combine(day, time.min, IST)
    return start, start + timedelta(days=1)
