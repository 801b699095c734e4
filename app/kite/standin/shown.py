"""What the stand-in shows, wherever it comes from: a simulated market or a recorded day."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from app.kite.standin.listing import Listings
from app.kite.standin.market import State
from app.kite.standin.sheets import Bars, Chain
from db.market.calendar import Instrument


class Spans(Protocol):
    """When something is traded."""

    def span(self, day: date, instrument: Instrument) -> range | None:
        """The seconds after midnight of a day's continuous session; None on a day without."""
        ...


class Shown(Protocol):
    """A market: what is listed, what each token shows now, and its minutes before."""

    now: Callable[[], datetime]

    @property
    def hours(self) -> Spans: ...

    def changed(self) -> None:
        """Forget the state of this second: it is disturbed in another way from now on."""
        ...

    def listings(self) -> Listings:
        """What is listed today."""
        ...

    def state(self) -> State:
        """All tokens as they are now."""
        ...

    def bars(self, chain: Chain, day: date) -> Bars | None:
        """The minutes of a chain on a day; None on a day without a session."""
        ...
