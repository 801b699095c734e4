"""The newest chains as paper orders see them."""

from dataclasses import dataclass, field
from datetime import datetime

from app.chains.states import ChainStates
from app.desk.paper.quotes import Quote
from app.desk.paper.reading import ChainRows


@dataclass(slots=True)
class LiveQuotes:
    """Quotes out of the states that the pages are shown too, for one request.

    Each chain is looked at once, so that what is told together is of one moment.
    """

    states: ChainStates
    _seen: dict[str, ChainRows] = field(default_factory=dict)

    def quote(self, exchange: str, symbol: str) -> Quote:
        """The newest quote; raises InvalidInputError for a contract that its chain lacks."""
        return self._chain(exchange).quote(symbol)

    def replayed_at(self, exchange: str) -> datetime | None:
        """The moment that a key's chain replays; None of one that is of the present."""
        return self._chain(exchange).replayed_at

    def _chain(self, exchange: str) -> ChainRows:
        if exchange not in self._seen:
            state = self.states.current(exchange)
            chain = state.chain
            self._seen[exchange] = ChainRows(exchange, chain.head, chain.by_symbol, state.age_s())
        return self._seen[exchange]
