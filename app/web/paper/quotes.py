"""The newest chains as paper orders see them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from app.chains.state import Chain, ChainState
from app.chains.states import ChainStates
from app.desk.paper.quotes import Contract, Greeks, Quote
from db.errors import InvalidInputError
from db.market.exchanges import exchange_named
from db.market.lots import lot_size

if TYPE_CHECKING:
    from db.queries.chain import LatestOption


@dataclass(slots=True)
class LiveQuotes:
    """Quotes out of the states that the pages are shown too, for one request.

    Each chain is looked at once, so that what is told together is of one moment.
    """

    states: ChainStates
    _seen: dict[str, ChainState] = field(default_factory=dict)

    def quote(self, exchange: str, symbol: str) -> Quote:
        """The newest quote; raises InvalidInputError for a contract that its chain lacks."""
        state = self._state(exchange)
        row = state.chain.by_symbol.get(symbol)
        if row is None or row.expiry is None:
            raise InvalidInputError(f"The chain of {exchange} has no contract {symbol}.")
        return _quote(state, row, row.expiry)

    def replayed_at(self, exchange: str) -> datetime | None:
        """The moment that a key's chain replays; None of one that is of the present."""
        head = self._state(exchange).chain.head
        return head.timestamp if head is not None and head.source == "replayed" else None

    def _state(self, exchange: str) -> ChainState:
        if exchange not in self._seen:
            self._seen[exchange] = self.states.current(exchange)
        return self._seen[exchange]


def _quote(state: ChainState, row: "LatestOption", expiry: date) -> Quote:
    head = state.chain.head
    return Quote(
        contract=_contract(state.exchange, row, expiry),
        at=row.timestamp,
        age_s=state.age_s(),
        source=None if head is None else head.source,
        bid=row.best_bid,
        ask=row.best_ask,
        bid_quantity=row.bid_quantity,
        ask_quantity=row.ask_quantity,
        ltp=row.ltp,
        index=None if head is None else head.underlying_price,
        forward=None if head is None else head.forward,
        iv_forward=_volatility(state.chain, row),
        greeks=Greeks(row.delta, row.gamma, row.theta, row.vega),
    )


def _contract(exchange: str, row: "LatestOption", expiry: date) -> Contract:
    return Contract(
        exchange=exchange,
        symbol=row.symbol,
        expiry=expiry,
        strike=row.strike,
        option_type=row.option_type,
        lot_size=lot_size(exchange_named(exchange).underlying_symbol, expiry),
    )


def _volatility(chain: Chain, row: "LatestOption") -> float | None:
    """By put–call parity both sides of a strike have one; the other side's is as good."""
    if row.iv_forward is not None:
        return row.iv_forward
    for other in chain.rows:
        if other.strike == row.strike and other.option_type != row.option_type:
            return other.iv_forward
    return None
