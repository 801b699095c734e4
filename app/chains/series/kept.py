"""Keeps series that were asked for lately; a crowd that asks for one makes one read."""

import threading
import time as clock
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from app.chains.bodies import Encoded
from app.chains.flight import SingleFlight
from app.chains.series.asked import Asked
from app.chains.series.kinds import KINDS, Kind
from app.chains.series.made import Series
from app.chains.series.reading import History, Reading
from app.chains.state import ChainState

# late rows and the last minute's own rollup come without a new minute
_FRESH_S = 60.0
# history may still be filled in behind the newest day
_CLOSED_FRESH_S = 600.0
_MOST = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and whether it is of days that are over."""

    body: Encoded
    is_closed: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """A body with what it is of and when it was read."""

    of: Hashable
    read_at: float
    body: Encoded


class KeptSeries:
    """Keeps a body until the market's minute, or the state, that it was made of is another."""

    def __init__(self, source: History, now: Callable[[], float] = clock.monotonic) -> None:
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._flights: SingleFlight[Encoded] = SingleFlight()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def answer(self, name: str, state: ChainState, asked: Asked) -> Answer:
        """The series as JSON; raises the errors of a missing database."""
        reading, kind = Reading(self._source, state, asked), KINDS[name]
        key = (name, state.exchange, reading.day, asked)
        wanted = _version(kind, reading)
        found = self._fresh(key, wanted, reading)

        def read() -> Encoded:
            read_at = self._now()
            body = Encoded.of(kind.make(reading).json())
            self._keep(key, _Kept(wanted, read_at, body))
            return body

        body = found or self._flights.do((key, wanted), read)
        return Answer(body, reading.is_closed)

    def table(self, name: str, state: ChainState, asked: Asked) -> Series:
        """The series itself, made anew."""
        return KINDS[name].make(Reading(self._source, state, asked))

    def _fresh(self, key: Hashable, wanted: Hashable, reading: Reading) -> Encoded | None:
        patience_s = _CLOSED_FRESH_S if reading.is_closed else _FRESH_S
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.of != wanted or self._now() - kept.read_at >= patience_s:
                return None
            self._kept.move_to_end(key)
            return kept.body

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)


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
