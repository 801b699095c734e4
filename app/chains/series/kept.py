"""Keeps series that were asked for lately; a crowd that asks for one makes one read."""

from collections.abc import Hashable
from dataclasses import dataclass

from app.cache import Cache
from app.chains.bodies import Packed
from app.chains.history import History
from app.chains.series.asked import Asked
from app.chains.series.kinds import KINDS, Kind
from app.chains.series.made import Series
from app.chains.series.reading import Reading
from app.chains.state import ChainState

# late rows and the last minute's own rollup come without a new minute
_FRESH_S = 60.0
# history may still be filled in behind the newest day
_CLOSED_FRESH_S = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and whether it is of days that are over."""

    body: Packed
    is_closed: bool


class KeptSeries:
    """Keeps a body until the market's minute, or the state, that it was made of is another."""

    def __init__(self, source: History, cache: Cache) -> None:
        self._source = source
        self._bodies = cache.bodies("series")

    def answer(self, name: str, state: ChainState, asked: Asked) -> Answer:
        """The series as JSON; raises the errors of a missing database."""
        reading, kind = Reading(self._source, state, asked), KINDS[name]
        key = (name, state.exchange, reading.day, asked, _version(kind, reading))
        keep_s = _CLOSED_FRESH_S if reading.is_closed else _FRESH_S

        def read() -> bytes:
            return Packed.of(kind.make(reading).json()).kept

        return Answer(Packed(self._bodies.get(key, keep_s, read)), reading.is_closed)

    def table(self, name: str, state: ChainState, asked: Asked) -> Series:
        """The series itself, made anew."""
        return KINDS[name].make(Reading(self._source, state, asked))


def _version(kind: Kind, reading: Reading) -> Hashable:
    """What a body that is kept must have been made of."""
    state = reading.state
    if reading.is_closed:
        return state.incarnation
    if kind.of_state and reading.asked.at is None:
        return state.order
    newest = reading.newest
    minute = None if newest is None else newest.replace(second=0, microsecond=0)
    return state.incarnation, minute
