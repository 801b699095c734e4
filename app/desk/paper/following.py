"""Signals followed on paper: an option at the money for each side that is told, within limits.

In a book of its own, so that no trader's positions are touched. No order ever leaves this program.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.desk.paper.desk import Desk
from app.desk.paper.errors import RefusedError
from app.desk.paper.orders import Leg, Order
from app.desk.paper.reading import EngineBooks, StoredQuotes
from db.errors import InvalidInputError
from db.market.calendar import Instrument, session
from db.market.clock import market_now
from db.market.limits import SIGNAL_PAPER_EXIT_S, SIGNAL_PAPER_PAUSE_S, SIGNAL_PAPER_POSITIONS

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.ingest.signals import Prediction
    from db.queries.paper import PaperPosition

OWNER = "signals"
_SIDES = {"BUY": "CE", "SELL": "PE"}


@dataclass(slots=True)
class Follower:
    """Buys `lots` of the call for a BUY, of the put for a SELL; sells them when their time is over.

    That is at the model's horizon, when the other side is told, or shortly before the index's
    continuous session ends. What a limit or the market forbids is noted with its reason.
    """

    engine: "Engine"
    lots: int
    now: Callable[[], datetime] = market_now
    _entered: dict[str, datetime] = field(default_factory=dict)

    def follow(self, made: "Prediction") -> None:
        """Do what a prediction that was just stored asks for."""
        from db.queries.paper import open_positions

        desk = Desk(EngineBooks(self.engine), StoredQuotes(self.engine), self.now)
        desk.marks(OWNER)
        with self.engine.connect() as connection:
            held = open_positions(connection, OWNER)
        for each in held:
            if each.exchange == made.exchange and self._is_over(each, made):
                self._close(desk, each, made)
        if made.signal in _SIDES:
            self._enter(desk, made)

    def _enter(self, desk: Desk, made: "Prediction") -> None:
        forbidden = self._forbidden(made)
        if forbidden is not None:
            self._note(made, forbidden, violates=True)
            return
        try:
            leg = Leg(made.exchange, self._at_the_money(made), "B", self.lots)
            desk.place(OWNER, Order(_key("in", made, made.exchange), (leg,)))
        except (RefusedError, InvalidInputError) as error:
            self._note(made, str(error), violates=False)
            return
        self._entered[made.exchange] = made.timestamp

    def _forbidden(self, made: "Prediction") -> str | None:
        """The limit that stands against another position."""
        from db.queries.paper import open_positions

        with self.engine.connect() as connection:
            held = open_positions(connection, OWNER)
        if any(each.exchange == made.exchange for each in held):
            return "a position of this chain is open already"
        if len(held) >= SIGNAL_PAPER_POSITIONS:
            return f"{SIGNAL_PAPER_POSITIONS} positions are open already"
        last = self._entered.get(made.exchange)
        if last is not None and made.timestamp - last < timedelta(seconds=SIGNAL_PAPER_PAUSE_S):
            return f"the last position was opened at {last:%H:%M:%S}"
        return "the day is over soon" if ends_soon(made.timestamp) else None

    def _is_over(self, held: "PaperPosition", made: "Prediction") -> bool:
        at = made.timestamp
        against = made.signal in _SIDES and _SIDES[made.signal] != held.option_type
        is_late = at - held.opened >= timedelta(seconds=made.horizon_s)
        return against or is_late or ends_soon(at)

    def _close(self, desk: Desk, held: "PaperPosition", made: "Prediction") -> None:
        try:
            desk.close(OWNER, _key("out", made, str(held.id)), held.id)
        except RefusedError as error:
            self._note(made, f"{held.symbol} could not be closed: {error}", violates=False)

    def _at_the_money(self, made: "Prediction") -> str:
        """The contract to buy; raises RefusedError where the chain names none."""
        from db.queries.chain import latest_chain
        from db.queries.summary import summary

        with self.engine.connect() as connection:
            head = summary(connection, made.exchange)
            rows = latest_chain(connection, made.exchange)
        for row in rows:
            is_side = row.option_type == _SIDES[made.signal]
            if head is not None and is_side and row.strike == head.atm_strike:
                return row.symbol
        raise RefusedError("The chain has no contract at the money.")

    def _note(self, made: "Prediction", why: str, *, violates: bool) -> None:
        from db.ingest.signals import note_not_followed

        with self.engine.begin() as connection:
            note_not_followed(connection, made, why, violates=violates)


def ends_soon(at: datetime) -> bool:
    """Whether the index's session is about to end; a simulated market has hours of its own."""
    held = session(at.date(), Instrument.INDEX)
    if held is None or at >= held.closes:
        return False
    return held.closes - at <= timedelta(seconds=SIGNAL_PAPER_EXIT_S)


def _key(what: str, made: "Prediction", of: str) -> str:
    return f"signal-{what}-{of}-{made.timestamp:%Y%m%d%H%M%S}"
