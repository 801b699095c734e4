"""The newest chains as paper orders see them."""

from app.chains.states import ChainStates
from app.desk.paper.reading import ChainRows, ReadQuotes


class LiveQuotes(ReadQuotes):
    """Quotes out of the states that the pages are shown too, for one request."""

    def __init__(self, states: ChainStates) -> None:
        super().__init__()
        self._states = states

    def _read(self, exchange: str) -> ChainRows:
        state = self._states.current(exchange)
        chain = state.chain
        return ChainRows(exchange, chain.head, chain.by_symbol, state.age_s())
