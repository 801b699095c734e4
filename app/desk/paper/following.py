"""Signals followed on paper: an option at the money for each side that is told, within limits.

In a book of its own, so that no trader's positions are touched. No order ever leaves this program.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.desk.paper.desk import Desk
from app.desk.paper.errors import RefusedError
from app.desk.paper.orders import Leg, Order, Told
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

    That is at the model's horizon, when the other side is told, when nothing is told any more, or
    shortly before the index's continuous session ends. What a limit or the market forbids is noted
    with its reason, once for as long as it stays the same. All that is to be remembered is in the
    database: another process goes on where this one ended. Without lots what is held is sold, and
    nothing more is done.
    """

    engine: "Engine"
    lots: int
    now: Callable[[], datetime] = market_now
    _is_done: bool = False
    _noted: dict[str, tuple[str, str]] = field(default_factory=dict)

    def follow(self, made: "Prediction") -> None:
        """Do what a prediction that was just stored asks for."""
        desk = self._desk()
        if desk is None:
            return
        for each in self._held(made.exchange):
            if self._is_over(each, made):
                self._close(desk, each, made.timestamp, _told(made))
        if self.lots and made.signal in _SIDES:
            self._enter(desk, made)
        elif self.lots:
            self._noted.pop(made.exchange, None)

    def leave(self, exchange: str, at: datetime) -> None:
        """Sell what is held of a chain of which nothing is told at `at`: nobody knows why to."""
        desk = self._desk()
        if desk is not None:
            for each in self._held(exchange):
                self._close(desk, each, at, Told("HOLD", None))

    def _desk(self) -> Desk | None:
        """What orders go to, expired positions settled; None where there is nothing to do."""
        if self._is_done:
            return None
        desk = Desk(EngineBooks(self.engine), StoredQuotes(self.engine), self.now)
        held = desk.marks(OWNER)
        self._is_done = not self.lots and not held
        return None if self._is_done else desk

    def _held(self, exchange: str | None = None) -> "tuple[PaperPosition, ...]":
        from db.queries.paper import open_positions

        with self.engine.connect() as connection:
            held = open_positions(connection, OWNER)
        return tuple(each for each in held if exchange in (None, each.exchange))

    def _enter(self, desk: Desk, made: "Prediction") -> None:
        exchange, at, told = made.exchange, made.timestamp, _told(made)
        try:
            symbol = self._at_the_money(made)
            forbidden = self._forbidden(made, symbol)
            if forbidden is not None:
                self._note(exchange, at, told, forbidden, violates=True)
                return
            leg = Leg(exchange, symbol, "B", self.lots)
            desk.place(OWNER, Order(_key("in", exchange, at), (leg,)), told)
        except (RefusedError, InvalidInputError) as error:
            self._note(exchange, at, told, str(error), violates=False)
        else:
            self._noted.pop(exchange, None)

    def _forbidden(self, made: "Prediction", symbol: str) -> str | None:
        """The limit that stands against another position."""
        from db.queries.paper import last_bought

        held = self._held()
        if any(each.exchange == made.exchange for each in held):
            return "a position of this chain is open already"
        # near the end of a month two chains list the same contracts
        if any(each.symbol == symbol for each in held):
            return f"{symbol} is held already"
        if len(held) >= SIGNAL_PAPER_POSITIONS:
            return f"{SIGNAL_PAPER_POSITIONS} positions are open already"
        with self.engine.connect() as connection:
            last = last_bought(connection, OWNER, made.exchange)
        pause = timedelta(seconds=SIGNAL_PAPER_PAUSE_S)
        if last is not None and timedelta() <= made.timestamp - last < pause:
            return f"the last position was opened at {last:%H:%M:%S}"
        return "the day is over soon" if ends_soon(made.timestamp) else None

    def _is_over(self, held: "PaperPosition", made: "Prediction") -> bool:
        at = made.timestamp
        against = made.signal in _SIDES and _SIDES[made.signal] != held.option_type
        is_late = at - held.opened >= timedelta(seconds=made.horizon_s)
        return not self.lots or against or is_late or ends_soon(at)

    def _close(self, desk: Desk, held: "PaperPosition", at: datetime, told: Told) -> None:
        try:
            desk.close(OWNER, _key("out", str(held.id), at), held.id, told)
        except RefusedError as error:
            why = f"{held.symbol} could not be closed: {error}"
            self._note(held.exchange, at, told, why, violates=False)

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

    def _note(self, exchange: str, at: datetime, told: Told, why: str, *, violates: bool) -> None:
        from db.ingest.signals import note_not_followed

        if self._noted.get(exchange) == (told.signal, why):
            return
        with self.engine.begin() as connection:
            note_not_followed(
                connection, exchange, at, told.signal, told.confidence, why, violates=violates
            )
        self._noted[exchange] = told.signal, why


def ends_soon(at: datetime) -> bool:
    """Whether the index's session is about to end; a simulated market has hours of its own."""
    held = session(at.date(), Instrument.INDEX)
    if held is None or at >= held.closes:
        return False
    return held.closes - at <= timedelta(seconds=SIGNAL_PAPER_EXIT_S)


def _told(made: "Prediction") -> Told:
    return Told(made.signal, made.confidence)


def _key(what: str, of: str, at: datetime) -> str:
    return f"signal-{what}-{of}-{at:%Y%m%d%H%M%S}"
